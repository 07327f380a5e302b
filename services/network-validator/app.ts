import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, type Logger } from '#lib/telemetry';
import type { ValidatorConfig } from './config.ts';
import { answeredByStranger, timedOut } from './errors.ts';
import { readToken, startTokenServer } from './token-exchange.ts';

const TOKEN_BYTES = 32;

/**
 * Sees whether a connection to an address that is nobody's comes out at our listener, as it does where the rules of a
 * meshed pod are in place. Rejects with a MeshError that says what happened instead.
 */
export async function validateNetwork(
  config: ValidatorConfig,
  write?: (line: string) => void,
): Promise<void> {
  const log = createLogger({
    target: 'linkerd_network_validator',
    level: config.logLevel,
    format: config.logFormat,
    ...(write === undefined ? {} : { write }),
  });
  const token = `${randomBytes(TOKEN_BYTES).toString('hex')}\n`;
  const { listenAddress, connectAddress } = config;
  const server = await startTokenServer({ address: listenAddress, token, log });
  log.info('listening for the redirected connection', { address: listenAddress.text });
  const stop = new AbortController();
  try {
    await Promise.race([expectToken(config, token, log, stop.signal), failLater(config, stop.signal)]);
    log.info('validated: the redirection works', { connected: connectAddress.text });
  } finally {
    stop.abort();
    await server.close();
  }
}

async function expectToken(
  { connectAddress, listenAddress }: ValidatorConfig,
  token: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  log.info('connecting', { address: connectAddress.text });
  const answer = await readToken({ address: connectAddress, bytes: token.length, signal });
  log.debug('read from the connection', { answer });
  if (answer !== token) throw answeredByStranger(connectAddress.text, listenAddress.text);
}

async function failLater(
  { connectAddress, timeoutMs }: ValidatorConfig,
  signal: AbortSignal,
): Promise<never> {
  await sleep(timeoutMs, undefined, { signal });
  throw timedOut(connectAddress.text, timeoutMs);
}
