import { connect, type Socket } from 'node:net';
import { sleep } from '../../support/waiting.ts';

/** Where a raw connection goes: `via`, a relay in a pod's network (test/support/pods/relay.ts), makes it leave from there. */
export interface RawTarget {
  readonly host: string;
  readonly port: number;
  readonly via?: { readonly host: string; readonly port: number };
}

/** A TCP connection of which everything that came is kept. */
export interface RawConnection {
  readonly socket: Socket;
  /** All bytes so far. */
  received(): Buffer;
  /** How the peer ended it, if it has. */
  ended(): 'open' | 'end' | 'reset';
  send(bytes: string | Uint8Array): void;
  /** Resolves once `done` says so, or when the peer ended it; rejects after `timeoutMs`. */
  until(done: (received: Buffer) => boolean, timeoutMs?: number): Promise<Buffer>;
  untilEnded(timeoutMs?: number): Promise<Buffer>;
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 15_000;

export function openRaw(target: RawTarget): RawConnection {
  const first = target.via ?? target;
  const socket = connect({ host: first.host, port: first.port, noDelay: true, allowHalfOpen: true });
  if (target.via !== undefined) socket.write(`${target.host} ${target.port}\n`);
  let received = Buffer.alloc(0);
  let ended: 'open' | 'end' | 'reset' = 'open';
  let changed = () => {};
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    changed();
  });
  socket.on('end', () => {
    if (ended === 'open') ended = 'end';
    changed();
  });
  socket.on('error', () => {
    ended = 'reset';
    changed();
  });
  const until = (done: (bytes: Buffer) => boolean, timeoutMs = DEFAULT_TIMEOUT_MS) =>
    new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(
          new Error(`nothing for ${timeoutMs} ms behind ${JSON.stringify(received.toString('latin1'))}`),
        );
      }, timeoutMs);
      changed = () => {
        if (ended === 'open' && !done(received)) return;
        clearTimeout(timer);
        changed = () => {};
        resolve(received);
      };
      changed();
    });
  return {
    socket,
    received: () => received,
    ended: () => ended,
    send: (bytes) => {
      socket.write(bytes);
    },
    until,
    untilEnded: (timeoutMs) => until(() => false, timeoutMs),
    close: () => socket.destroy(),
  };
}

/** Sends the text, in so many pieces of their own, and gives back everything until the peer closes. */
export async function exchangeRaw(target: RawTarget, pieces: readonly string[]): Promise<string> {
  const connection = openRaw(target);
  for (const piece of pieces) {
    connection.send(Buffer.from(piece, 'latin1'));
    if (pieces.length > 1) await sleep(2);
  }
  const received = await connection.untilEnded();
  connection.close();
  return received.toString('latin1');
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Reads the response that the text begins with; without a length it goes to the end. */
export function readAnswer(text: string): HttpAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const length = headers.get('content-length');
  const body = text.slice(end + 4, length === undefined ? undefined : end + 4 + Number(length));
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body };
}

/** `GET path`, on a connection of its own. */
export async function get(
  target: RawTarget,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  const lines = Object.entries({ host: 'web', connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return readAnswer(await exchangeRaw(target, [`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`]));
}
