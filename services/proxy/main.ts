// Before all else: process 1 of a container does not get a signal for which it has no handler yet.
import './shutdown-request.ts';

import { describeError, MeshError } from '#lib/base';
import { startProxy } from './app.ts';
import { readProxyConfig } from './config.ts';
import { requestShutdown, shutdownRequested } from './shutdown-request.ts';

/** Exit statuses. Source: facts sheet proxy-wire, section 10. */
const EXIT = { config: 64, init: 1, ok: 0 } as const;
/** What the environment names and cannot be used is a bad configuration as well. */
const CONFIG_CODES = ['IDENTITY_TOKEN', 'IDENTITY_NAME'];

function readConfigOrExit() {
  try {
    return readProxyConfig(process.env);
  } catch (error) {
    process.stderr.write(`Invalid configuration: ${describeError(error)}\n`);
    process.exit(EXIT.config);
  }
}

const config = readConfigOrExit();
const starting = startProxy(config, { environment: process.env, onShutdownRequest: requestShutdown });
starting.catch((error: unknown) => {
  process.stderr.write(`Failed to initialize proxy: ${describeError(error)}\n`);
  const isConfig = error instanceof MeshError && CONFIG_CODES.includes(error.code);
  process.exit(isConfig ? EXIT.config : EXIT.init);
});
const running = await Promise.race([starting, shutdownRequested.then(() => undefined)]);
await shutdownRequested;
await running?.shutdown();
process.exit(EXIT.ok);
