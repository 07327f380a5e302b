import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Wire, type WireReceiver } from '../transport/wire.ts';
import { parseClientHello } from './client-hello.ts';
import { Sniffer, type SnifferOptions } from './sniffer.ts';

const IGNORE: WireReceiver = { onBytes() {}, onEnd() {}, onClosed() {}, onDrained() {} };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A connection whose accepted side is sniffed; `seen` lists what happened. */
async function sniffed(options: Partial<SnifferOptions<string>>) {
  const seen: string[] = [];
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Wire>((resolve) =>
    server.once('connection', (socket: Socket) => {
      const wire = new Wire(socket, IGNORE);
      socket.on('data', (chunk: Buffer) => wire.receiver.onBytes(chunk));
      wire.receiver = new Sniffer<string>(wire, {
        timeoutMs: 5000,
        decide: (bytes) => (bytes.includes('!') ? bytes.toString() : undefined),
        onDecided: (decision, bytes) => {
          seen.push(`decided ${decision} ${bytes.length}`);
          wire.receiver = {
            ...IGNORE,
            onBytes: (more) => seen.push(`next ${more}`),
            onEnd: () => seen.push('end'),
          };
        },
        onTimeout: (bytes) => seen.push(`timeout ${bytes}`),
        onEnded: () => seen.push('ended'),
        ...options,
      });
      resolve(wire);
    }),
  );
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, noDelay: true });
  client.on('error', () => {});
  const wire = await accepted;
  closers.push(() => {
    client.destroy();
    wire.destroy();
    server.close();
  });
  return { seen, client, wire };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('Sniffer gathers pieces until there is a decision, then the next receiver has the wire', async () => {
  const { seen, client } = await sniffed({});
  for (const piece of ['a', 'b', 'c!', 'd']) {
    client.write(piece);
    await pause(20);
  }
  client.end();
  await expect.poll(() => seen).toEqual(['decided abc! 4', 'next d', 'end']);
});

test('Sniffer tells a deadline with what has come, and an end without a decision, once', async () => {
  const late = await sniffed({ timeoutMs: 60 });
  late.client.write('abc');
  await expect.poll(() => late.seen).toEqual(['timeout abc']);
  const ended = await sniffed({ timeoutMs: 60 });
  ended.client.end('abc');
  await pause(150);
  expect(ended.seen).toEqual(['ended']);
  const broken = await sniffed({ timeoutMs: 60 });
  broken.client.resetAndDestroy();
  await pause(150);
  expect(broken.seen).toEqual(['ended']);
});

test('Sniffer does not gather without bound', async () => {
  const { seen, client } = await sniffed({});
  client.write(Buffer.alloc(300_000));
  await expect.poll(() => seen).toEqual(['ended']);
});

test('bytes that come while nobody has taken the wire break the connection rather than vanish', async () => {
  const { client, wire } = await sniffed({ onDecided: () => {} });
  client.write('!');
  await pause(20);
  client.write('lost?');
  await expect.poll(() => wire.closed).toBe(true);
});

test('a ClientHello sent byte by byte is found whole', async () => {
  const decide = (bytes: Buffer) => {
    const { kind } = parseClientHello(bytes);
    return kind === 'incomplete' ? undefined : kind;
  };
  const { seen, client } = await sniffed({ decide });
  // Record and handshake headers, version, random, no session, one cipher suite, no compression.
  const hello = Buffer.from(
    `160301002d01000029 0303${'00'.repeat(32)} 00 00021301 0100`.replaceAll(' ', ''),
    'hex',
  );
  for (const byte of hello) {
    client.write(Buffer.from([byte]));
    await pause(1);
  }
  await expect.poll(() => seen).toEqual([`decided tls ${hello.length}`]);
});
