/**
 * `handshakes.ts`: terminates mesh TLS as the proxy does, for clients in a process of their own (`handshakes.ts client`),
 * and prints how many bytes of private memory each handshake keeps for ever.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { createTestAuthority } from '../../../services/proxy/identity/authority.testing.ts';
import { IGNORE } from '../../../services/proxy/transport/adopt-socket.ts';
import { bindListener } from '../../../services/proxy/transport/listen.ts';
import {
  CLIENT,
  contextOf,
  issueTestCredentials,
  SERVER,
} from '../../../services/proxy/transport/loopback.testing.ts';
import { createMeshContext, type TlsCredentials } from '../../../services/proxy/transport/tls-config.ts';
import { createTerminator } from '../../../services/proxy/transport/tls-server.ts';
import { readProcessFigures } from '../sample/process-figures.ts';

const WARM_UP = 2000;
const MEASURED = 3000;
const LINGER_MS = 1000;

interface ClientTask {
  readonly port: number;
  readonly count: number;
  readonly credentials: TlsCredentials;
}

async function beClient({ port, count, credentials }: ClientTask): Promise<void> {
  const secureContext = createMeshContext(credentials);
  for (let done = 0; done < count; done++) {
    const socket = connect({ port, secureContext, servername: SERVER, rejectUnauthorized: false });
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close');
  }
  process.disconnect();
}

async function measure(): Promise<number> {
  const authority = createTestAuthority();
  const terminator = createTerminator(undefined);
  terminator.setContext(contextOf(authority, SERVER));
  let authenticated = 0;
  const local = { host: '127.0.0.1', port: 0 };
  const listener = await bindListener({ address: local, keepAliveMs: 0, userTimeoutMs: 0 });
  listener.start(({ wire }) => {
    const onBytes = (chunk: Buffer) =>
      terminator.terminate(wire, Buffer.from(chunk), {
        onSecure: (secured) => {
          if (secured.clientId === CLIENT) authenticated++;
          setImmediate(() => secured.wire.destroy());
        },
        onFailed: () => {},
      });
    wire.receiver = { ...IGNORE, onBytes };
  });
  const shakeHands = async (count: number) => {
    const client = fork(import.meta.filename, ['client']);
    const credentials = issueTestCredentials(authority, CLIENT);
    client.send({ port: listener.address.port, count, credentials } satisfies ClientTask);
    await once(client, 'exit');
    globalThis.gc?.();
    await delay(LINGER_MS);
    globalThis.gc?.();
    return readProcessFigures(process.pid)?.anonymousBytes ?? 0;
  };
  const before = await shakeHands(WARM_UP);
  const kept = (await shakeHands(MEASURED)) - before;
  if (authenticated !== WARM_UP + MEASURED) throw new Error(`${authenticated} clients were authenticated`);
  return kept / MEASURED;
}

if (process.argv[2] === 'client') process.once('message', (task) => void beClient(task as ClientTask));
else process.stdout.write(`${await measure()}\n`, () => process.exit(0));
