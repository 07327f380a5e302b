import { describeError, errorCode } from '#lib/base';
import { runAwait } from './app.ts';
import { parseAwaitConfig } from './config.ts';
import { AWAIT_EXIT } from './contract.ts';
import { HELP } from './help.ts';

const complain = (line: string): void => void process.stderr.write(`linkerd-await: ${line}\n`);

try {
  const config = parseAwaitConfig(process.argv.slice(2), process.env);
  if (config.help) process.stdout.write(HELP);
  else process.exitCode = await runAwait(config, { env: process.env, complain });
} catch (error) {
  complain(describeError(error));
  process.exitCode = errorCode(error) === 'FLAG_INVALID' ? AWAIT_EXIT.usage : AWAIT_EXIT.os;
}
