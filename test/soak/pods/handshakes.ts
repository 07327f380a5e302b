/**
 * `handshakes.ts`: terminates mesh TLS as the proxy does, for clients in a process of their own (`handshakes.ts client`)
 * that originate it as the proxy does. Prints as JSON how many bytes each handshake keeps for ever (KeptBytes).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestAuthority } from '../../../services/proxy/identity/authority.testing.ts';
import { IGNORE } from '../../../services/proxy/transport/adopt-socket.ts';
import { connectTcp } from '../../../services/proxy/transport/connect.ts';
import { bindListener } from '../../../services/proxy/transport/listen.ts';
import { CLIENT, issueTestCredentials, SERVER } from '../../../services/proxy/transport/loopback.testing.ts';
import { originateTls } from '../../../services/proxy/transport/tls-client.ts';
import { createMeshContext, type TlsCredentials } from '../../../services/proxy/transport/tls-config.ts';
import { createTerminator } from '../../../services/proxy/transport/tls-server.ts';
import { readMallocedBytes } from '../sample/malloc-figures.ts';

/** Bytes by handshake, for each of the rounds. */
export interface KeptBytes {
  readonly server: readonly number[];
  readonly client: readonly number[];
}

const HANDSHAKES = 100;
const ROUNDS = 3;
/** For what ends a little behind its handshake. */
const LINGER_MS = 200;

interface ClientTask {
  readonly port: number;
  readonly credentials: TlsCredentials;
}

/** What is in use when nothing is left that could be given back. */
async function settle(): Promise<number> {
  for (let collections = 0; collections < 2; collections++) {
    globalThis.gc?.();
    await delay(LINGER_MS);
  }
  return readMallocedBytes();
}

function shakeHands({ port, credentials }: ClientTask): Promise<void> {
  const timeouts = { timeoutMs: 10_000, keepAliveMs: 0, userTimeoutMs: 0 };
  const options = { serverName: SERVER, serverId: SERVER, alpn: undefined, timeoutMs: 10_000 };
  const context = createMeshContext(credentials);
  const connectOnce = () =>
    new Promise<void>((resolve, reject) => {
      const onFailed = ({ message }: { message: string }) => reject(new Error(message));
      connectTcp({ host: '127.0.0.1', port }, timeouts, {
        onFailed,
        onConnected: (socket) =>
          originateTls(
            socket,
            { ...options, context },
            {
              onFailed,
              // The server closes it.
              onSecure: (wire) => {
                wire.receiver = { ...IGNORE, onEnd: () => wire.destroy(), onClosed: () => resolve() };
              },
            },
          ),
      });
    });
  return repeat(connectOnce);
}

async function repeat(act: () => Promise<void>): Promise<void> {
  for (let done = 0; done < HANDSHAKES; done++) await act();
}

/** Makes HANDSHAKES of them for every task, and answers what they kept. */
function beClient(): void {
  process.on('message', (task: ClientTask) => {
    void (async () => {
      const before = await settle();
      await shakeHands(task);
      process.send?.((await settle()) - before);
    })();
  });
}

/** Serves clients, each of which it ends when it knows who that is. */
async function serve(credentials: TlsCredentials) {
  const terminator = createTerminator(undefined);
  terminator.setContext(createMeshContext(credentials));
  const local = { host: '127.0.0.1', port: 0 };
  const listener = await bindListener({ address: local, keepAliveMs: 0, userTimeoutMs: 0 });
  const seen = { authenticated: 0 };
  listener.start(({ wire }) => {
    const onBytes = (chunk: Buffer) =>
      terminator.terminate(wire, Buffer.from(chunk), {
        onSecure: (secured) => {
          if (secured.clientId === CLIENT) seen.authenticated++;
          secured.wire.endAndClose();
        },
        onFailed: () => {},
      });
    wire.receiver = { ...IGNORE, onBytes };
  });
  return { port: listener.address.port, seen };
}

async function measure(): Promise<KeptBytes> {
  const authority = createTestAuthority();
  const { port, seen } = await serve(issueTestCredentials(authority, SERVER));
  const credentials = issueTestCredentials(authority, CLIENT);
  const client: ChildProcess = fork(import.meta.filename, ['client']);
  const kept = { server: [] as number[], client: [] as number[] };
  // The first round warms up: caches are filled, code is compiled.
  for (let round = 0; round <= ROUNDS; round++) {
    const before = await settle();
    client.send({ port, credentials } satisfies ClientTask);
    const [clientBytes] = (await once(client, 'message')) as [number];
    const serverBytes = (await settle()) - before;
    if (round === 0) continue;
    kept.server.push(serverBytes / HANDSHAKES);
    kept.client.push(clientBytes / HANDSHAKES);
  }
  client.kill();
  const all = HANDSHAKES * (ROUNDS + 1);
  if (seen.authenticated !== all)
    throw new Error(`${seen.authenticated} of ${all} clients were authenticated`);
  return kept;
}

if (process.argv[2] === 'client') beClient();
else process.stdout.write(`${JSON.stringify(await measure())}\n`, () => process.exit(0));
