import { describeError } from '#lib/base';
import { startDestination } from './app.ts';
import { parseDestinationConfig } from './config.ts';
import { HELP } from './help.ts';

try {
  const config = parseDestinationConfig(process.argv.slice(2), process.env);
  if (config.help) process.stdout.write(HELP);
  else {
    const app = await startDestination(config);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close());
  }
} catch (error) {
  process.stderr.write(`Error: ${describeError(error)}\n`);
  process.exitCode = 1;
}
