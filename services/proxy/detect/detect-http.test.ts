import { expect, test } from 'vitest';
import { detectHttp } from './detect-http.ts';

const detect = (text: string) => detectHttp(Buffer.from(text, 'latin1'));

test('detectHttp() knows HTTP/2 by its preface', () => {
  expect(detect('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toBe('http2');
  expect(detect('PRI * HTTP/2.0')).toBe('http2');
  expect(detect('PRI * HTTP/2.')).toBe('not-http');
});

test('detectHttp() takes whole and partial request lines of any method for HTTP/1', () => {
  for (const text of [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.0\r\n',
    'GET /a/long/path',
    'GET /a/long/path ',
    'GET /a/long/path HT',
    'GET /a/long/path HTTP/1.',
    'GET /a/path HTTP/1.1\r',
    'M-SEARCH * HTTP/1.1\r\n',
    'ANYTHINGATALLIFATOKEN',
    '\r\n\r\nGET / HTTP/1.1\r\n',
    'GET / HTTP/1.1\nHost: a\n\n',
    `GET /${'a'.repeat(2000)}`,
    'GET / HTTP/1.1\r\nnot a header',
    'CONNECT a.example:443 HTTP/1.1\r\n',
  ]) {
    expect(detect(text), JSON.stringify(text)).toBe('http1');
  }
});

test('detectHttp() takes anything else, and short reads, for not HTTP', () => {
  for (const text of [
    '',
    'GET / HTTP/1.',
    'SSH-2.0-OpenSSH_9.2\r\n',
    'EHLO mail.example.com\r\n',
    '*1\r\n$4\r\nPING\r\n padding',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdef',
    'GET  / HTTP/1.1\r\n',
    'GET / HTTP/2.0\r\n',
    'GET / HTTP/1.2\r\n',
    'GET / HTTP/1.1 \r\n',
    'GET /a\x01 HTTP/1.1\r\n',
    ' GET / HTTP/1.1\r\n',
    'G@T / HTTP/1.1\r\n',
    'GET /\r\nHost: a.example\r\n',
    'GET / FTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\rX: y\r\n',
  ]) {
    expect(detect(text), JSON.stringify(text)).toBe('not-http');
  }
});
