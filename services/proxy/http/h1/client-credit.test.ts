import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ResponseSink } from '../exchange.ts';
import { RequestHead, VERSION } from '../head.ts';
import { createPool, serveRaw } from './loopback.fixture.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const serve = (onData: (socket: Socket, text: string) => void) => serveRaw(closers, onData);

const post = () =>
  new RequestHead({
    method: 'POST',
    scheme: 'http',
    authority: 'shop.example',
    path: '/post',
    version: VERSION.http11,
    fields: [],
    bodyLength: -1,
    absoluteForm: false,
    upgrade: '',
    repeated: false,
  });

/** A response sink that writes down, in order, what is credited and how it ends. */
function recordCredit(): { response: ResponseSink; log: string[]; credited(): number } {
  const log: string[] = [];
  let credited = 0;
  const response: ResponseSink = {
    responseHead: ({ status }, end) => log.push(`${status}${end ? ' end' : ''}`),
    responseData: (_chunk, end) => {
      if (end) log.push('end');
    },
    responseTrailers() {},
    responseFailed: ({ kind }) => log.push(`failed ${kind}`),
    requestCredit(bytes) {
      credited += bytes;
      log.push(`credit ${bytes}`);
    },
  };
  return { response, log, credited: () => credited };
}

test('a body that waited for a connection in vain is credited before the failure, and what comes after it too', async () => {
  const { response, log } = recordCredit();
  const sink = createPool(1).pool.request(post(), false, response);
  sink.requestData(Buffer.alloc(100), false);
  sink.requestData(Buffer.alloc(20), false);
  await expect.poll(() => log.at(-1)).toBe('failed connect');
  expect(log).toEqual(['credit 120', 'failed connect']);
  sink.requestData(Buffer.alloc(3), true);
  expect(log.at(-1)).toBe('credit 3');
});

test('body bytes that the connection took along are credited, whether it breaks or keeps its word', async () => {
  const size = 3_000_000;
  const port = await serve((socket) => socket.pause());
  const { pool, opened } = createPool(port);
  const { response, log, credited } = recordCredit();
  const sink = pool.request(post(), false, response);
  await expect.poll(() => opened.length).toBe(1);
  for (let sent = 0; sent < size; sent += 100_000) sink.requestData(Buffer.alloc(100_000), false);
  await new Promise((resolve) => setTimeout(resolve, 50));
  opened[0]?.destroy();
  await expect.poll(() => log.at(-1)).toMatch(/^failed/);
  expect(credited()).toBe(size);
});

test('a server that has answered and will close gets no more of the body; the rest is credited', async () => {
  let received = 0;
  const port = await serve((socket, text) => {
    if (received === 0)
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    received = text.length;
  });
  const { pool, opened } = createPool(port);
  const { response, log, credited } = recordCredit();
  const sink = pool.request(post(), false, response);
  sink.requestData(Buffer.alloc(1000), false);
  await expect.poll(() => log.includes('413 end')).toBe(true);
  await expect.poll(() => opened[0]?.closed).toBe(true);
  for (let i = 0; i < 10; i++) sink.requestData(Buffer.alloc(100_000), i === 9);
  expect(credited()).toBe(1_001_000);
  expect(received).toBeLessThan(2000);
  expect(pool.idleConnections).toBe(0);
});
