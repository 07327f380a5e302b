import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '#lib/base';
import {
  closeLoopback,
  connectPlain,
  connectTls,
  dialRaw,
  listen,
  type Pair,
  Sink,
  until,
} from './loopback.testing.ts';
import { BACKLOG_LIMIT_BYTES, type Wire } from './wire.ts';

afterEach(closeLoopback);

const KINDS = [
  ['plain', connectPlain],
  ['TLS', connectTls],
] as const;

async function connect(kind: () => Promise<Pair>) {
  const { client, server } = await kind();
  const [clientSink, serverSink] = [new Sink(), new Sink()];
  client.receiver = clientSink;
  server.receiver = serverSink;
  client.resume();
  server.resume();
  return { client, server, clientSink, serverSink };
}

/** Writes what a codec would: pieces of all sizes, by all three ways, in an order of chance; holds at the limit. */
class Writer {
  readonly hash = createHash('sha256');
  readonly sink: Sink;
  sent = 0;
  heldAbove = 0;
  readonly #wire: Wire;
  readonly #random: Random;
  readonly #total: number;

  constructor(wire: Wire, sink: Sink, options: { random: Random; total: number }) {
    this.#wire = wire;
    this.sink = sink;
    this.#random = options.random;
    this.#total = options.total;
    sink.onDrained = () => {
      sink.drained++;
      this.run();
    };
  }

  run(): void {
    while (this.sent < this.#total) {
      if (this.#wire.backlog > BACKLOG_LIMIT_BYTES) {
        this.heldAbove++;
        return;
      }
      this.#writeSome();
      if (this.#random() < 0.05) {
        setImmediate(() => this.run());
        return;
      }
    }
    this.#wire.end();
  }

  #writeSome(): void {
    const magnitude = 10 ** (this.#random() * 5.3);
    const piece = Buffer.alloc(Math.max(1, Math.floor(magnitude)), Math.floor(this.#random() * 256));
    for (let at = 0; at < piece.length; at += 61) piece[at] = (this.sent + at) & 255;
    this.hash.update(piece);
    this.sent += piece.length;
    const way = this.#random();
    if (way < 0.4) {
      this.#wire.writeBytes(piece);
      // The caller may reuse its buffer at once.
      piece.fill(0);
    } else if (way < 0.7) this.#wire.writeOwned(piece);
    else if (way < 0.8) this.#wire.writeLatin1(piece.toString('latin1'));
    else {
      const at = this.#wire.reserve(piece.length);
      piece.copy(this.#wire.out, at);
      this.#wire.used = at + piece.length;
    }
  }
}

/** A reader that dawdles. */
function readSlowly(wire: Wire, sink: Sink, random: Random): void {
  sink.onData = () => {
    if (random() > 0.2) return;
    wire.pause();
    setTimeout(() => wire.resume(), random() * 8);
  };
}

describe.each(KINDS)('Wire over %s', (_name, kind) => {
  it.each([1, 2, 3])(
    'carries everything both ways, in order, past slow readers (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const pairs = await Promise.all([connect(kind), connect(kind), connect(kind)]);
      const flows = pairs.flatMap(({ client, server, clientSink, serverSink }) => {
        readSlowly(client, clientSink, random);
        readSlowly(server, serverSink, random);
        const total = 2_000_000;
        return [
          { writer: new Writer(client, clientSink, { random, total }), to: serverSink },
          { writer: new Writer(server, serverSink, { random, total }), to: clientSink },
        ];
      });
      for (const { writer } of flows) writer.run();
      await until(() => flows.every(({ to }) => to.closed !== undefined || to.ended), 'both ends', 20_000);
      for (const { writer, to } of flows) {
        expect(to.bytes).toBe(writer.sent);
        expect(to.digest()).toBe(writer.hash.digest('hex'));
      }
      expect(flows.some(({ writer }) => writer.heldAbove > 0)).toBe(true);
    },
    25_000,
  );

  it('says onDrained after its backlog was over the limit, however it was filled', async () => {
    const { client, server, clientSink, serverSink } = await connect(kind);
    for (const fill of [
      () => client.writeBytes(Buffer.alloc(BACKLOG_LIMIT_BYTES + 1)),
      () => client.writeOwned(Buffer.alloc(3 * BACKLOG_LIMIT_BYTES)),
      () => {
        for (let i = 0; i < 400; i++) client.writeBytes(Buffer.alloc(1000));
      },
    ]) {
      const [before, received] = [clientSink.drained, serverSink.bytes];
      server.pause();
      fill();
      const written = client.backlog;
      expect(written).toBeGreaterThanOrEqual(BACKLOG_LIMIT_BYTES);
      await new Promise((resolve) => setTimeout(resolve, 20));
      server.resume();
      await until(() => clientSink.drained > before, 'onDrained');
      await until(() => serverSink.bytes === received + written, 'all bytes');
      expect(client.backlog).toBe(0);
    }
  });

  it('keeps what the kernel has not taken out of the pool', async () => {
    const { client, server, serverSink } = await connect(kind);
    const other = await connect(kind);
    server.pause();
    const hash = createHash('sha256');
    let written = 0;
    // More than the kernel's buffers hold, so that the last chunks wait in it for long.
    for (let i = 0; i < 200; i++) {
      const chunk = Buffer.alloc(60_000, i);
      client.writeBytes(chunk);
      hash.update(chunk);
      written += chunk.length;
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    // Whoever gets a chunk of the pool now writes into it.
    for (let i = 0; i < 300; i++) {
      other.client.writeBytes(Buffer.alloc(60_000, 255));
      if (i % 5 === 0) await new Promise(setImmediate);
    }
    server.resume();
    await until(() => serverSink.bytes === written, 'all bytes', 10_000);
    expect(serverSink.digest()).toBe(hash.digest('hex'));
  });

  it('counts as backlog what is gathered and what waits in the kernel queue', async () => {
    const { client, server } = await connect(kind);
    server.pause();
    client.writeBytes(Buffer.alloc(100));
    client.writeOwned(Buffer.alloc(50));
    client.writeLatin1('abc');
    expect(client.backlog).toBe(153);
    client.writeOwned(Buffer.alloc(30_000_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.backlog).toBeGreaterThan(1_000_000);
  });

  it('gives nothing more to a receiver that paused, though more has come with the same read', async () => {
    const { client, server } = await connect(kind);
    let calls = 0;
    const rest = new Sink();
    const first = new Sink();
    first.onData = () => {
      calls++;
      server.pause();
    };
    server.receiver = first;
    server.pause();
    // Each a record of TLS.
    for (let i = 0; i < 10; i++) {
      client.writeBytes(Buffer.alloc(100, i));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    server.resume();
    await until(() => calls > 0, 'the first bytes');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(calls).toBe(1);
    server.receiver = rest;
    server.resume();
    await until(() => first.bytes + rest.bytes === 1000, 'the rest');
  });

  it('half-closes: after end() the other direction goes on', async () => {
    const { client, server, clientSink, serverSink } = await connect(kind);
    client.writeLatin1('question');
    client.end();
    await until(() => serverSink.ended, 'the end');
    expect(serverSink.text).toBe('question');
    server.writeLatin1('answer');
    await until(() => clientSink.text === 'answer', 'the answer');
    expect(clientSink.ended).toBe(false);
    server.end();
    await until(() => clientSink.closed !== undefined && serverSink.closed !== undefined, 'both closed');
    expect(clientSink.closed?.error).toBeUndefined();
    expect(serverSink.closed?.error).toBeUndefined();
  });

  it('drops what is written after the FIN, without harm to what was sent before', async () => {
    const { client, server, clientSink, serverSink } = await connect(kind);
    server.pause();
    client.writeOwned(Buffer.alloc(5_000_000, 1));
    client.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.writeLatin1('too late');
    client.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.resume();
    await until(() => serverSink.ended, 'the end');
    expect(serverSink.bytes).toBe(5_000_000);
    expect(clientSink.closed).toBeUndefined();
  });

  it('endAndClose() sends everything first and closes', async () => {
    const { client, server, clientSink, serverSink } = await connect(kind);
    // A close with bytes unread (TLS tickets are on their way at first) is a reset: so both have read.
    server.writeLatin1('go');
    await until(() => clientSink.bytes === 2, 'the first bytes');
    server.pause();
    client.writeOwned(Buffer.alloc(3_000_000, 1));
    client.writeLatin1('last');
    client.endAndClose();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.resume();
    await until(() => serverSink.ended && clientSink.closed !== undefined, 'the end');
    expect(serverSink.bytes).toBe(3_000_004);
    expect(clientSink.closed?.error).toBeUndefined();
  });

  it('reset() is seen by the peer as an abort, not as an end', async () => {
    const { client, clientSink, serverSink } = await connect(kind);
    client.writeLatin1('part');
    await until(() => serverSink.bytes === 4, 'the part');
    client.reset();
    client.reset();
    await until(() => serverSink.closed !== undefined && clientSink.closed !== undefined, 'both closed');
    expect(serverSink.ended).toBe(false);
    expect(serverSink.closed?.error).toMatchObject({ code: 'ECONNRESET' });
    expect(clientSink.closed?.error).toBeUndefined();
  });

  it('reset() works after end() with a backlog, too', async () => {
    const { client, server, clientSink, serverSink } = await connect(kind);
    server.pause();
    client.writeOwned(Buffer.alloc(20_000_000));
    client.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.reset();
    await until(() => clientSink.closed !== undefined, 'closed');
    server.resume();
    await until(() => serverSink.closed !== undefined, 'peer closed');
    expect(serverSink.bytes).toBeLessThan(20_000_000);
  });

  it('destroy(error) closes once, with that error; what follows does nothing', async () => {
    const { client, clientSink, serverSink } = await connect(kind);
    let closes = 0;
    const onClosed = clientSink.onClosed.bind(clientSink);
    clientSink.onClosed = (error) => {
      closes++;
      onClosed(error);
    };
    client.writeLatin1('lost');
    client.destroy(new Error('enough'));
    client.writeLatin1('lost too');
    client.destroy(new Error('again'));
    await until(() => clientSink.closed !== undefined && serverSink.ended, 'closed');
    client.writeLatin1('after the close');
    client.end();
    client.endAndClose();
    client.resume();
    await new Promise(setImmediate);
    expect(closes).toBe(1);
    expect(clientSink.closed?.error?.message).toBe('enough');
    expect(client.backlog).toBe(0);
  });
});

describe('Wire', () => {
  it('writes what one turn gathered in one piece, in its order', async () => {
    const { promise, resolve } = Promise.withResolvers<Wire>();
    const listener = await listen(({ wire }) => resolve(wire));
    const socket = dialRaw(listener.address.port);
    const reads: string[] = [];
    socket.on('data', (chunk) => reads.push(chunk.toString('latin1')));
    const wire = await promise;
    wire.writeLatin1('a');
    wire.writeBytes(Buffer.from('b'));
    wire.writeOwned(Buffer.from('c'));
    const at = wire.reserve(2);
    wire.out.write('de', at);
    wire.used = at + 2;
    wire.writeOwned(Buffer.from('f'));
    wire.writeLatin1('g');
    await until(() => reads.join('').length === 7, 'the bytes');
    expect(reads).toEqual(['abcdefg']);
  });

  it('reports the error that ended it', async () => {
    const { server, serverSink } = await connect(connectPlain);
    server.socket.destroy(new Error('boom'));
    await until(() => serverSink.closed !== undefined, 'closed');
    expect(serverSink.closed?.error?.message).toBe('boom');
  });
});
