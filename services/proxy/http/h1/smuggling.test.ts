import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchangeRaw, Recorder, startServer, type TestServer } from './loopback.fixture.ts';
import { CHUNKED, GET, POST, REFUSED_BODIES, REFUSED_HEADS } from './smuggling.fixture.ts';

const handler = new Recorder();
let server: TestServer;
beforeAll(async () => {
  server = await startServer(handler);
});
afterAll(() => server.close());

test.each(Object.entries(REFUSED_HEADS))(
  'a head with %s gets 400, a close, and no handler',
  async (_, head) => {
    handler.heads.length = 0;
    const text = await exchangeRaw(server.port, [`${head}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`], 2000);
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n/);
    expect(text.endsWith('\r\n\r\n[end]')).toBe(true);
    expect(handler.heads).toEqual([]);
  },
);

test.each(Object.entries(REFUSED_HEADS))(
  'a head with %s is refused as well byte by byte',
  async (_, head) => {
    handler.heads.length = 0;
    const bytes = [...`${head}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`].slice(0, 400);
    const text = await exchangeRaw(server.port, bytes, 2000);
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request/);
    expect(handler.heads).toEqual([]);
  },
);

test.each(Object.entries(REFUSED_BODIES))(
  'a body with %s ends in 400 and a cancelled request',
  async (_, body) => {
    handler.heads.length = 0;
    handler.bodies.length = 0;
    const text = await exchangeRaw(server.port, [CHUNKED + body, 'GET /smuggled HTTP/1.1\r\n\r\n'], 2000);
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request/);
    expect(text.endsWith('[end]')).toBe(true);
    expect(handler.heads.map((head) => head.path)).toEqual(['/']);
    expect(handler.bodies[0]?.cancelled).toBe(1);
  },
);

test('heads and trailers beyond the limits get 431', async () => {
  handler.heads.length = 0;
  const long = await exchangeRaw(server.port, [`${GET}X: ${'a'.repeat(70_000)}\r\n\r\n`], 2000);
  const endless = await exchangeRaw(server.port, [GET, 'X-A: b'.repeat(20_000)], 2000);
  const many = await exchangeRaw(server.port, [`${GET}${'X: a\r\n'.repeat(101)}\r\n`], 2000);
  const trailers = await exchangeRaw(server.port, [`${CHUNKED}0\r\n${'X: a\r\n'.repeat(3000)}\r\n`], 2000);
  for (const text of [long, endless, many, trailers]) {
    expect(text).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
    expect(text.endsWith('[end]')).toBe(true);
  }
  expect(handler.heads.length).toBe(1);
  expect(server.options.counters.tooLarge).toBe(4);
});

test('what is merely unusual is taken', async () => {
  handler.heads.length = 0;
  const unusual = [
    '\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n',
    `${POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`,
    `${POST}transfer-ENCODING: Chunked\r\n\r\n2;ext="a b"\r\nhi\r\n0\r\nX-T: 1\r\n\r\n`,
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    'GET http://b.example:81?q HTTP/1.1\r\nHost: a\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
    'GET / HTTP/1.1\r\nHost:\t a_b \t\r\nX:\r\nY: \xff\r\n\r\n',
    'M-SEARCH /x?"|{}^\xe9 HTTP/1.1\r\nHost: a\r\n\r\n',
  ];
  const text = await exchangeRaw(server.port, [unusual.join('')]);
  expect(text.match(/HTTP\/1\.1 200/g)?.length).toBe(unusual.length);
  expect(handler.heads.map((h) => `${h.method} ${h.authority} ${h.path}`)).toEqual([
    'GET a /a',
    'POST a /',
    'POST a /',
    'GET  /',
    'GET  /',
    'GET b.example:81 /?q',
    'OPTIONS [::1]:80 *',
    'GET a_b /',
    'M-SEARCH a /x?"|{}^\xe9',
  ]);
  expect(handler.heads[1]?.fields.map((field) => field.line)).toEqual(['content-length: 2\r\n']);
});
