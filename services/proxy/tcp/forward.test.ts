import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Sniffer } from '../detect/sniffer.ts';
import { adoptSocket } from '../transport/adopt-socket.ts';
import { connectTcp } from '../transport/connect.ts';
import { bindListener } from '../transport/listen.ts';
import { Wire, type WireReceiver } from '../transport/wire.ts';
import { type Forward, forwardTcp } from './forward.ts';

const IGNORE: WireReceiver = { onBytes() {}, onEnd() {}, onClosed() {}, onDrained() {} };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    onSocket(socket);
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function dial(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  socket.on('error', () => {});
  closers.push(() => socket.destroy());
  return socket;
}

function wireOn(socket: Socket): Wire {
  const wire = new Wire(socket, IGNORE);
  socket.on('data', (chunk: Buffer) => wire.receiver.onBytes(chunk));
  return wire;
}

/** A forwarder in front of `onServed`; resolves with its port, and tells each forward and its end. */
async function forwarder(onServed: (socket: Socket) => void) {
  const forwards: Forward[] = [];
  const wires: Wire[] = [];
  const done: (string | undefined)[] = [];
  const target = await listen(onServed);
  const port = await listen((socket) => {
    const client = wireOn(socket);
    client.pause();
    const upstream = dial(target);
    upstream.once('connect', () => {
      const server = wireOn(upstream);
      wires.push(client, server);
      forwards.push(forwardTcp(client, server, (error) => done.push(error?.message)));
    });
  });
  return { port, forwards, wires, done };
}

test('bytes pass both ways, and an end of one direction leaves the other open', async () => {
  const { port, forwards, done } = await forwarder((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    // Answers only after the client has finished, as half-close protocols do.
    socket.on('end', () => socket.end(`got ${text}`));
  });
  const client = dial(port);
  client.end('hello');
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('got hello');
  await expect.poll(() => done).toEqual([undefined]);
  expect([forwards[0]?.bytesFromClient, forwards[0]?.bytesFromServer]).toEqual([5, 9]);
});

test('a server that speaks first is heard', async () => {
  const { port } = await forwarder((socket) => socket.write('220 ready\r\n'));
  const client = dial(port);
  const banner = await new Promise((resolve) => client.once('data', (chunk) => resolve(String(chunk))));
  expect(banner).toBe('220 ready\r\n');
});

test('64 MB pass unharmed in both directions at once', async () => {
  const size = 64 * 1_048_576;
  const block = Buffer.alloc(1_000_003, 'pattern of odd length');
  const { port, done, forwards } = await forwarder((socket) => socket.pipe(socket));
  const client = dial(port);
  const sent = createHash('sha256');
  const received = createHash('sha256');
  let count = 0;
  client.on('data', (chunk) => {
    count += chunk.length;
    received.update(chunk);
  });
  let written = 0;
  while (written < size) {
    sent.update(block);
    written += block.length;
    if (!client.write(block)) await new Promise((resolve) => client.once('drain', resolve));
  }
  client.end();
  await expect.poll(() => done, { timeout: 60_000 }).toEqual([undefined]);
  expect(count).toBe(written);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
  expect(forwards[0]?.bytesFromClient).toBe(written);
}, 90_000);

test('a slow reader holds the writer back within the high-water mark', async () => {
  let slow: Socket | undefined;
  const { port, wires, forwards } = await forwarder((socket) => {
    slow = socket.pause();
  });
  const client = dial(port);
  const size = 40_000_000;
  client.end(Buffer.alloc(size));
  await expect.poll(() => wires[1]?.backlog ?? 0, { timeout: 8000 }).toBeGreaterThan(100_000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(wires[1]?.backlog).toBeLessThan(1_048_576 + 131_072);
  expect(forwards[0]?.bytesFromClient).toBeLessThan(size);
  let count = 0;
  slow?.on('data', (chunk) => {
    count += chunk.length;
  });
  slow?.resume();
  await expect.poll(() => count, { timeout: 5000 }).toBe(size);
});

test.each(['client', 'server'])('a reset by the %s closes both sides with an error', async (who) => {
  let served: Socket | undefined;
  const { port, done } = await forwarder((socket) => {
    served = socket;
  });
  const client = dial(port);
  client.write('x');
  await expect.poll(() => served?.bytesRead).toBe(1);
  const [first, second] = who === 'client' ? [client, served] : [served, client];
  const closed = new Promise((resolve) => second?.once('close', resolve));
  second?.resume();
  first?.resetAndDestroy();
  await closed;
  await expect.poll(() => done).toEqual(['read ECONNRESET']);
});

test('a wire that closed before is a forward that is done', async () => {
  const port = await listen(() => {});
  const [a, b] = [wireOn(dial(port)), wireOn(dial(port))];
  a.destroy();
  await expect.poll(() => a.closed).toBe(true);
  const done: unknown[] = [];
  forwardTcp(a, b, (error) => done.push(error));
  await expect.poll(() => done).toEqual([undefined]);
  expect(b.closed).toBe(true);
});

test('behind the real listener and sniffer twenty connections keep their bytes apart', async () => {
  const target = await listen((socket) => socket.pipe(socket));
  const settings = { keepAliveMs: 0, userTimeoutMs: 0 };
  const listener = await bindListener({ address: { host: '127.0.0.1', port: 0 }, ...settings });
  closers.push(() => listener.close());
  let open = 0;
  listener.start(({ wire }) => {
    wire.receiver = new Sniffer<boolean>(wire, {
      timeoutMs: 5000,
      decide: () => true,
      onTimeout: () => {},
      onEnded: () => {},
      onDecided: (_, bytes) => {
        wire.pause();
        const address = { host: '127.0.0.1', port: target };
        connectTcp(
          address,
          { timeoutMs: 1000, ...settings },
          {
            onFailed: () => wire.reset(),
            onConnected: (socket, feed) => {
              const upstream = adoptSocket(socket, feed);
              upstream.writeBytes(bytes);
              open++;
              forwardTcp(wire, upstream, () => open--);
            },
          },
        );
      },
    });
  });
  const echo = async (seed: number) => {
    const sent = Buffer.alloc(2_000_000 + seed, `connection ${seed};`);
    const client = dial(listener.address.port);
    // A small first piece, so that the sniffer and the shared read buffer take part.
    client.write(sent.subarray(0, 10 + seed));
    setTimeout(() => client.end(sent.subarray(10 + seed)), seed % 3);
    const chunks: Buffer[] = [];
    for await (const chunk of client) chunks.push(chunk);
    return Buffer.concat(chunks).equals(sent);
  };
  const kept = await Promise.all(Array.from({ length: 20 }, (_, seed) => echo(seed)));
  expect(kept).toEqual(Array(20).fill(true));
  await expect.poll(() => open).toBe(0);
});
