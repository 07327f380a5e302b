import { describeError } from '#lib/base';
import { runProxyInit } from './app.ts';
import { parseConfig } from './config.ts';
import { HELP } from './help.ts';

try {
  const config = parseConfig(process.argv.slice(2));
  if (config.help) process.stdout.write(HELP);
  else await runProxyInit(config, (text) => process.stdout.write(text));
} catch (error) {
  process.stderr.write(`Error: ${describeError(error)}\n`);
  process.exitCode = 1;
}
