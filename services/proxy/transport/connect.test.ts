import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { SocketAddress } from './address.ts';
import { connectTcp } from './connect.ts';

const CONFIG = { timeoutMs: 50, keepAliveMs: 0, userTimeoutMs: 0 };
let server: Server | undefined;

afterEach(() => {
  server?.close();
});

/** How an attempt ends. */
function attempt(address: SocketAddress, afterStart: () => void = () => {}): Promise<string> {
  return new Promise((resolve) => {
    connectTcp(address, CONFIG, {
      onConnected: (socket) => {
        socket.destroy();
        resolve('connected');
      },
      onFailed: ({ kind, message, unprocessed }) => resolve(`${kind}: ${message}, ${unprocessed}`),
    });
    afterStart();
  });
}

async function listen(): Promise<SocketAddress> {
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { host: '127.0.0.1', port };
}

/** The whole process stands still, as on a machine that has no time for it. */
function stall(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

it('takes a connection that came about while the process stood still beyond the timeout', async () => {
  const address = await listen();
  expect(await attempt(address, () => setImmediate(() => stall(4 * CONFIG.timeoutMs)))).toBe('connected');
});

it('says that a port is closed', async () => {
  const address = await listen();
  await new Promise((resolve) => server?.close(resolve));
  expect(await attempt(address)).toMatch(/^connect: .*ECONNREFUSED.*, true$/);
});

it('gives up after the timeout, and says that nothing was sent', async () => {
  // TEST-NET-1 (RFC 5737): nobody answers, or there is no route.
  const end = await attempt({ host: '192.0.2.1', port: 9 });
  expect(end).toMatch(/^connect-timeout: connect timed out after 50ms, true$|^connect: /);
});
