import { connect } from 'node:net';
import type { Kind } from './account.ts';
import { keepStream } from './long-stream.ts';
import { count } from './tally.ts';

/** No letters: a long word is how a request of HTTP/1 might begin. */
const BYTES = Buffer.alloc(20_000, 1);

/** Sends bytes on a connection of their own, ends it, and wants all of them back. */
export function callTcp(kind: Kind & `tcp ${string}`, target: { host: string; port: number }): Promise<void> {
  return count(
    kind,
    (signal) =>
      new Promise((resolve, reject) => {
        let bytes = 0;
        const socket = connect({ ...target, allowHalfOpen: true });
        signal.addEventListener('abort', () => socket.destroy(), { once: true });
        socket.on('data', (chunk) => {
          bytes += chunk.length;
        });
        socket.on('error', reject);
        socket.on('close', () =>
          bytes === BYTES.length ? resolve() : reject(new Error(`${bytes} of ${BYTES.length} bytes`)),
        );
        socket.end(BYTES);
      }),
  );
}

/** A connection of which both sides speak now and then, for ever. */
export function keepTcp(target: { host: string; port: number }): Promise<never> {
  return keepStream('tcp long', (events) => {
    const socket = connect(target);
    socket.on('data', (chunk) => events.onMessage(chunk));
    socket.on('error', (error) => events.onEnd(error));
    socket.on('close', () => events.onEnd(undefined));
    return { send: (message) => socket.write(message), close: () => socket.destroy() };
  });
}
