import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { systemClock } from '#lib/base';
import { KeepAlive } from './keep-alive.ts';

/** Answers whatever comes, from a thread that does not stall with this one. */
const ECHO = `
const server = require('node:net').createServer((socket) => socket.pipe(socket));
server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));
`;
const INTERVAL_MS = 50;
const TIMEOUT_MS = 2000;

it('does not give up a connection whose answer came while the process stood still', async () => {
  const echo = new Worker(ECHO, { eval: true });
  const [port] = (await once(echo, 'message')) as [number];
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const asked = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<string>();
  const now = () => Math.floor(systemClock.monotonic());
  let readMs = now();
  let pings = 0;
  const target = {
    get readMs() {
      return readMs;
    },
    isIdle: () => false,
    sendKeepAlive() {
      if (++pings > 1) return outcome.resolve('alive');
      socket.write('ping');
      asked.resolve();
    },
    onKeepAliveTimeout: () => outcome.resolve('given up'),
  };
  socket.on('data', () => {
    readMs = now();
  });
  const config = { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS, whileIdle: true };
  const keepAlive = new KeepAlive(config, target, systemClock);
  await asked.promise;
  // In this phase of the loop, timers come before sockets; nothing else of this thread runs until the timeout is over.
  await setImmediate();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TIMEOUT_MS + 100);
  expect(await outcome.promise).toBe('alive');
  keepAlive.stop();
  socket.destroy();
  await echo.terminate();
});
