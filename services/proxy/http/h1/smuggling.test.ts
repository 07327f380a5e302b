import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchangeRaw, Recorder, startServer, type TestServer } from './loopback.fixture.ts';

/** Messages that two implementations could cut differently, or that are no HTTP/1.1 at all. */
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

const REFUSED_HEADS: Readonly<Record<string, string>> = {
  'content-length with transfer-encoding': `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'transfer-encoding with content-length': `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
  'two different content-lengths': `${POST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
  'content-length list': `${POST}Content-Length: 4, 4\r\n\r\nabcd`,
  'negative content-length': `${POST}Content-Length: -4\r\n\r\n`,
  'content-length with plus': `${POST}Content-Length: +4\r\n\r\nabcd`,
  'content-length with letters': `${POST}Content-Length: 4x\r\n\r\nabcd`,
  'hexadecimal content-length': `${POST}Content-Length: 0x4\r\n\r\nabcd`,
  'content-length with a space inside': `${POST}Content-Length: 4 4\r\n\r\nabcd`,
  'empty content-length': `${POST}Content-Length:\r\n\r\n`,
  'content-length beyond all numbers': `${POST}Content-Length: 99999999999999999999\r\n\r\n`,
  'bare LF after the request line': 'GET / HTTP/1.1\nHost: a\r\n\r\n',
  'bare LF in fields': 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n',
  'bare LF everywhere': 'GET / HTTP/1.1\nHost: a\n\n',
  'bare CR in a value': `${GET}X: a\rb\r\n\r\n`,
  'bare CR before a field': `${GET}\rX: a\r\n\r\n`,
  'CR CR LF': `${GET}X: a\r\r\n\r\n`,
  'folded line by a space': `${GET}X: a\r\n b\r\n\r\n`,
  'folded line by a tab': `${GET}X: a\r\n\tb\r\n\r\n`,
  'folded transfer-encoding': `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  'space before the colon': `${POST}Content-Length : 4\r\n\r\nabcd`,
  'tab before the colon': `${POST}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`,
  'space before the first field': 'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
  'empty field name': `${GET}: a\r\n\r\n`,
  'field without colon': `${GET}nonsense\r\n\r\n`,
  'parenthesis in a field name': `${GET}X(a): b\r\n\r\n`,
  'space in a field name': `${GET}X a: b\r\n\r\n`,
  'obs-text in a field name': `${GET}X\xe9: b\r\n\r\n`,
  'NUL in a field name': `${GET}X\0: b\r\n\r\n`,
  'NUL in a value': `${GET}X: a\0b\r\n\r\n`,
  'escape in a value': `${GET}X: a\x1bb\r\n\r\n`,
  'DEL in a value': `${GET}X: a\x7fb\r\n\r\n`,
  'transfer-encoding identity': `${POST}Transfer-Encoding: identity\r\n\r\n`,
  'transfer-encoding xchunked': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'transfer-encoding list': `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'chunked not last': `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
  'chunked twice in a list': `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  'two transfer-encodings': `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'second transfer-encoding identity': `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  'quoted chunked': `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`,
  'chunked with vertical tab': `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  'empty transfer-encoding': `${POST}Transfer-Encoding:\r\n\r\n`,
  'transfer-encoding in HTTP/1.0':
    'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/0.9': 'GET /\r\n',
  'HTTP/0.9 with fields': 'GET /\r\nHost: a\r\n\r\n',
  'HTTP/1.2': 'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
  'HTTP/2.0': 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
  'HTTP/1.10': 'GET / HTTP/1.10\r\nHost: a\r\n\r\n',
  'lower-case version': 'GET / http/1.1\r\nHost: a\r\n\r\n',
  'space after the version': 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
  'two spaces before the target': 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
  'two spaces after the target': 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n',
  'tab in the request line': 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'space before the method': ' GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'invalid method': 'G@T / HTTP/1.1\r\nHost: a\r\n\r\n',
  'target with a space': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'target with a control character': 'GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n',
  'target with a fragment': 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
  'relative target': 'GET a HTTP/1.1\r\nHost: a\r\n\r\n',
  'authority form with GET': 'GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n',
  'asterisk with GET': 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
  'absolute form of another scheme': 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'absolute form with user information': 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'absolute form without host': 'GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT in origin form': 'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT without port': 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT in HTTP/1.0': 'CONNECT a:80 HTTP/1.0\r\nHost: a\r\n\r\n',
  'CONNECT with a body': 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd',
  'two hosts': `${GET}Host: b\r\n\r\n`,
  'the same host twice': `${GET}Host: a\r\n\r\n`,
  'host with a path': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'host with user information': 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n',
  'host list': 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n',
  'host with a strange port': 'GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n',
  'a TLS ClientHello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'an HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'only empty lines': '\r\n\r\n\r\n\r\n\r\n\r\n',
  'CR without LF first': '\rGET / HTTP/1.1\r\nHost: a\r\n\r\n',
};

const REFUSED_BODIES: Readonly<Record<string, string>> = {
  'chunk size with a sign': '+1\r\na\r\n0\r\n\r\n',
  'chunk size with 0x': '0x1\r\na\r\n0\r\n\r\n',
  'chunk size with a leading space': ' 1\r\na\r\n0\r\n\r\n',
  'chunk size with a trailing space': '1 \r\na\r\n0\r\n\r\n',
  'empty chunk size': '\r\na\r\n0\r\n\r\n',
  'huge chunk size': 'fffffffffffffffff\r\na\r\n0\r\n\r\n',
  'chunk size ended by LF': '1\na\r\n0\r\n\r\n',
  'chunk size ended by CR alone': '1\ra\r\n0\r\n\r\n',
  'chunk data too long': '1\r\nab\r\n0\r\n\r\n',
  'chunk data ended by LF': '1\r\na\n0\r\n\r\n',
  'extension with LF': '1;a\nb\r\na\r\n0\r\n\r\n',
  'extensions without end': `1;${'x'.repeat(20_000)}`,
  'trailer with a bare LF': '0\r\nX: a\nY: b\r\n\r\n',
  'trailer with space before the colon': '0\r\nX : a\r\n\r\n',
  'folded trailer': '0\r\nX: a\r\n b\r\n\r\n',
};

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
