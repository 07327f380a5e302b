import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { IGNORE } from './adopt-socket.ts';
import { connectTcp } from './connect.ts';
import { handleOf } from './handle.ts';
import { bindListener } from './listen.ts';
import { closeLoopback, connectPlain, dialRaw, listen, Sink, until } from './loopback.testing.ts';
import { readOriginalDestination } from './socket-options.ts';
import type { Wire } from './wire.ts';

afterEach(closeLoopback);

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const OPTIONS = { keepAliveMs: 10_000, userTimeoutMs: 30_000 };
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function acceptOne() {
  const { promise, resolve } = Promise.withResolvers<Wire>();
  const listener = await listen(({ wire }) => resolve(wire));
  return { port: listener.address.port, wire: promise };
}

describe('bindListener', () => {
  it('accepts by handle: this guards what we use of Node behind its documentation', async () => {
    const listener = await bindListener({ address: LOOPBACK, ...OPTIONS });
    const { promise, resolve } = Promise.withResolvers<Parameters<Parameters<typeof listener.start>[0]>[0]>();
    listener.start(resolve);
    const socket = dialRaw(listener.address.port);
    const accepted = await promise;
    expect(accepted.client).toEqual({ host: '127.0.0.1', port: socket.localPort });
    expect(accepted.local).toBe('127.0.0.1');
    expect(accepted.isIpv6).toBe(false);
    expect(accepted.fd).toBeGreaterThan(2);
    expect(handleOf(accepted.wire.socket)?.fd).toBe(accepted.fd);
    // Nothing redirected it; the call itself works on this descriptor.
    expect(readOriginalDestination(accepted.fd, false)).toBeUndefined();
    accepted.wire.destroy();
    listener.close();
  });

  it('unwraps IPv4-mapped clients of an IPv6 listener', async () => {
    const listener = await bindListener({ address: { host: '::', port: 0 }, ...OPTIONS });
    const { promise, resolve } = Promise.withResolvers<{
      client: { host: string };
      isIpv6: boolean;
      wire: Wire;
    }>();
    listener.start(resolve);
    dialRaw(listener.address.port);
    const { client, isIpv6, wire } = await promise;
    expect(client.host).toBe('127.0.0.1');
    expect(isIpv6).toBe(false);
    wire.destroy();
    listener.close();
  });

  it('keeps connections and their bytes that come before start()', async () => {
    const listener = await bindListener({ address: LOOPBACK, ...OPTIONS });
    const socket = dialRaw(listener.address.port);
    socket.write('early');
    await pass(50);
    const sink = new Sink();
    listener.start(({ wire }) => {
      wire.receiver = sink;
    });
    await until(() => sink.text === 'early', 'the early bytes');
    socket.write(' late');
    await until(() => sink.text === 'early late', 'later bytes');
    listener.close();
  });

  it('close() stops accepting, lets open connections be, and ends those that were never started', async () => {
    const waiting = await bindListener({ address: LOOPBACK, ...OPTIONS });
    const early = dialRaw(waiting.address.port);
    const closed = new Promise((resolve) => early.once('close', resolve));
    early.resume();
    await pass(30);
    waiting.close();
    early.end();
    await closed;
    const { port, wire } = await acceptOne();
    const socket = dialRaw(port);
    await wire;
    closeLoopback();
    expect(socket.destroyed).toBe(true);
    await expect(
      new Promise((_, reject) => connect({ host: '127.0.0.1', port }).once('error', reject)),
    ).rejects.toThrow('ECONNREFUSED');
  });

  it.each([
    ['port taken', () => undefined, 'another program already does; stop it or choose another port'],
    ['foreign address', () => '192.0.2.77', 'this machine has no such address'],
  ])('says in one sentence why it cannot listen: %s', async (_name, host, sentence) => {
    const taken = await bindListener({ address: LOOPBACK, ...OPTIONS });
    const address = { host: host() ?? '127.0.0.1', port: taken.address.port };
    await expect(bindListener({ address, ...OPTIONS })).rejects.toThrow(
      `cannot listen on ${address.host}:${address.port}: ${sentence}`,
    );
    taken.close();
  });
});

describe('reads', () => {
  it('a pause in the accept callback holds the first bytes for a later receiver', async () => {
    const { promise, resolve } = Promise.withResolvers<Wire>();
    const listener = await listen(({ wire }) => {
      wire.pause();
      resolve(wire);
    });
    dialRaw(listener.address.port).write('first');
    const wire = await promise;
    const ignored = new Sink();
    wire.receiver = ignored;
    await pass(50);
    expect(ignored.bytes).toBe(0);
    // What decides now may need more time at once.
    wire.resume();
    wire.pause();
    await pass(50);
    expect(ignored.bytes).toBe(0);
    const sink = new Sink();
    wire.receiver = sink;
    wire.resume();
    await until(() => sink.text === 'first', 'the first bytes');
  });

  it('a pause of a connection that was just made holds the first bytes, too', async () => {
    const { port, wire } = await acceptOne();
    void wire.then((server) => server.writeLatin1('hello'));
    const { adoptSocket } = await import('./adopt-socket.ts');
    const { dialSocket } = await import('./loopback.testing.ts');
    const client = adoptSocket(...(await dialSocket(port)));
    client.pause();
    const sink = new Sink();
    client.receiver = sink;
    await pass(50);
    expect(sink.bytes).toBe(0);
    client.resume();
    await until(() => sink.text === 'hello', 'the bytes');
  });

  it('share one buffer while lent, and belong to the receiver once claimed', async () => {
    const { client, server } = await connectPlain();
    const kept: Buffer[] = [];
    const copies: string[] = [];
    server.receiver = {
      ...IGNORE,
      onBytes(chunk) {
        kept.push(server.claimRead() === undefined && server.claimsReads ? Buffer.from(chunk) : chunk);
        copies.push(chunk.toString('latin1'));
      },
    };
    const send = async (text: string) => {
      const before = copies.join('').length;
      client.writeLatin1(text);
      await until(() => copies.join('').length === before + text.length, text);
    };
    await send('one');
    await send('two');
    expect(kept[0]?.buffer).toBe(kept[1]?.buffer);
    server.claimsReads = true;
    for (const text of ['three', 'four', 'five', 'x'.repeat(100_000), 'six']) await send(text);
    for (let i = 2; i < kept.length; i++) expect(kept[i]?.toString('latin1')).toBe(copies[i]);
    expect(kept.slice(2).every((chunk) => chunk.buffer !== kept[0]?.buffer)).toBe(true);
  });

  it('see a half-close, and go on writing', async () => {
    const { port, wire } = await acceptOne();
    const socket = dialRaw(port);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.end('bye');
    const server = await wire;
    const sink = new Sink();
    server.receiver = sink;
    await until(() => sink.ended, 'the end');
    expect(sink.text).toBe('bye');
    expect(sink.closed).toBeUndefined();
    server.writeLatin1('still here');
    server.end();
    await until(() => text === 'still here' && sink.closed !== undefined, 'the answer');
  });
});

describe('connectTcp', () => {
  const config = { timeoutMs: 200, keepAliveMs: 10_000, userTimeoutMs: 30_000 };

  it('tells a refusal from a timeout; neither was processed', async () => {
    const { port } = await acceptOne();
    closeLoopback();
    const attempt = (host: string) =>
      new Promise((resolve) =>
        connectTcp({ host, port }, config, { onConnected: () => resolve('connected'), onFailed: resolve }),
      );
    await expect(attempt('127.0.0.1')).resolves.toMatchObject({
      kind: 'connect',
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
      unprocessed: true,
    });
  });

  it('calls nobody once the attempt was given up', async () => {
    const { port } = await acceptOne();
    const calls: string[] = [];
    const giveUp = connectTcp({ host: '127.0.0.1', port }, config, {
      onConnected: () => calls.push('connected'),
      onFailed: () => calls.push('failed'),
    });
    giveUp();
    giveUp();
    await pass(50);
    expect(calls).toEqual([]);
  });
});
