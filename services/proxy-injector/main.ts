import { describeError } from '#lib/base';
import { startProxyInjector } from './app.ts';
import { parseProxyInjectorConfig } from './config.ts';
import { HELP } from './help.ts';

try {
  const config = parseProxyInjectorConfig(process.argv.slice(2));
  if (config.help) process.stdout.write(HELP);
  else {
    const starting = startProxyInjector(config, { env: process.env });
    // A signal may come while it still starts.
    const stop = () =>
      starting.then(
        (app) => app.close(),
        () => {},
      );
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
    const app = await starting;
    await app.untilReady().catch(async (error: unknown) => {
      await app.close();
      throw error;
    });
  }
} catch (error) {
  process.stderr.write(`Error: ${describeError(error)}\n`);
  process.exitCode = 1;
}
