import koffi from 'koffi';
import { afterEach, expect, it } from 'vitest';
import { connectTcp } from '../transport/connect.ts';
import { handleOf } from '../transport/handle.ts';
import { type Accepted, bindListener } from '../transport/listen.ts';

const SOL_SOCKET = 1;
const SOL_TCP = 6;
const SO_KEEPALIVE = 9;
const TCP_KEEPIDLE = 4;
const TCP_USER_TIMEOUT = 18;

const getsockopt = koffi
  .load('libc.so.6')
  .func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)') as (
  fd: number,
  level: number,
  name: number,
  value: Buffer,
  length: [number],
) => number;

function read(fd: number, level: number, name: number): number {
  const value = Buffer.alloc(4);
  expect(getsockopt(fd, level, name, value, [4])).toBe(0);
  return value.readUInt32LE();
}

const settingsOf = (fd: number) => ({
  keepAlive: read(fd, SOL_SOCKET, SO_KEEPALIVE),
  idleSeconds: read(fd, SOL_TCP, TCP_KEEPIDLE),
  userTimeoutMs: read(fd, SOL_TCP, TCP_USER_TIMEOUT),
});

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** What the kernel has for both ends of a connection that was made with these settings. */
async function connectWith(settings: { keepAliveMs: number; userTimeoutMs: number }) {
  const listener = await bindListener({ address: { host: '127.0.0.1', port: 0 }, ...settings });
  const accepted = Promise.withResolvers<Accepted>();
  listener.start(accepted.resolve);
  const connected = Promise.withResolvers<number>();
  connectTcp(
    listener.address,
    { timeoutMs: 5000, ...settings },
    {
      onConnected: (socket) => {
        closers.push(() => socket.destroy());
        connected.resolve(handleOf(socket)?.fd ?? -1);
      },
      onFailed: ({ message }) => connected.reject(new Error(message)),
    },
  );
  const { fd, wire } = await accepted.promise;
  closers.push(() => wire.destroy(), listener.close);
  return { accepted: settingsOf(fd), connected: settingsOf(await connected.promise) };
}

it('accepted and connected sockets have the keep-alive and the user timeout that were asked for', async () => {
  const asked = { keepAlive: 1, idleSeconds: 10, userTimeoutMs: 30_000 };
  expect(await connectWith({ keepAliveMs: 10_000, userTimeoutMs: 30_000 })).toEqual({
    accepted: asked,
    connected: asked,
  });
});

it('neither is on by itself', async () => {
  const { accepted, connected } = await connectWith({ keepAliveMs: 0, userTimeoutMs: 0 });
  for (const { keepAlive, userTimeoutMs } of [accepted, connected]) {
    expect([keepAlive, userTimeoutMs]).toEqual([0, 0]);
  }
});
