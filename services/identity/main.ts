import { describeError } from '#lib/base';
import { startIdentity } from './app.ts';
import { parseIdentityConfig } from './config.ts';
import { HELP } from './help.ts';

try {
  const config = parseIdentityConfig(process.argv.slice(2), process.env);
  if (config.help) process.stdout.write(HELP);
  else {
    const starting = startIdentity(config);
    // A signal may come while it still starts.
    const stop = () =>
      starting.then(
        (app) => app.close(),
        () => {},
      );
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
    await starting;
  }
} catch (error) {
  process.stderr.write(`Error: ${describeError(error)}\n`);
  process.exitCode = 1;
}
