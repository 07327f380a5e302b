import { describeError, errorCode } from '#lib/base';
import { validateNetwork } from './app.ts';
import { parseValidatorConfig } from './config.ts';
import { VALIDATOR_EXIT } from './contract.ts';
import { interrupted } from './errors.ts';
import { HELP } from './help.ts';

function fail(error: unknown): never {
  process.stderr.write(`Error: ${describeError(error)}\n`);
  process.exit(errorCode(error) === 'FLAG_INVALID' ? VALIDATOR_EXIT.usage : VALIDATOR_EXIT.invalid);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => fail(interrupted(signal)));
try {
  const config = parseValidatorConfig(process.argv.slice(2), process.env);
  if (config.help) process.stdout.write(HELP);
  else await validateNetwork(config);
} catch (error) {
  fail(error);
}
