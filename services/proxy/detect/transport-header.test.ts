import { expect, test } from 'vitest';
import { seededRandom } from '#lib/base';
import { encodeTransportHeader, readTransportHeader } from './transport-header.ts';

const PREFACE = 'transport.l5d.io/v1\r\n\r\n';
const frame = (hex: string) => Buffer.concat([Buffer.from(PREFACE), Buffer.from(hex, 'hex')]);

test('encodeTransportHeader() writes what was seen on the wire', () => {
  // Facts sheet observed: port 5202 alone.
  expect(encodeTransportHeader({ port: 5202, name: '', sessionProtocol: 'none' })).toEqual(
    frame('0000000308d228'),
  );
  expect(encodeTransportHeader({ port: 80, name: 'a.b', sessionProtocol: 'http2' })).toEqual(
    frame('0000000b' + '0850' + '1203612e62' + '1a021200'),
  );
});

test('readTransportHeader() reads what encodeTransportHeader() writes, and waits at every boundary', () => {
  for (const sessionProtocol of ['none', 'http1', 'http2'] as const) {
    for (const name of ['', 'web.shop.svc.cluster.local']) {
      const encoded = encodeTransportHeader({ port: 65_535, name, sessionProtocol });
      const whole = { port: 65_535, name, sessionProtocol, bytes: encoded.length };
      expect(readTransportHeader(encoded)).toEqual(whole);
      expect(readTransportHeader(Buffer.concat([encoded, Buffer.from('app')]))).toEqual(whole);
      for (let cut = 0; cut < encoded.length; cut++) {
        expect(readTransportHeader(encoded.subarray(0, cut))).toBeUndefined();
      }
    }
  }
});

test('readTransportHeader() says what is wrong', () => {
  const read = (hex: string) => readTransportHeader(frame(hex));
  expect(readTransportHeader(Buffer.from('GET /'))).toBe('transport header preface expected');
  expect(read('00010000')).toBe('transport header too long');
  expect(read('ffffffff')).toBe('transport header too long');
  expect(read('00000000')).toBe('transport header names port 0');
  expect(read('0000000408808004')).toBe('transport header names port 65536');
  expect(read('0000000b08ffffffffffffffffff01')).toBe('transport header names port -1');
  expect(read('0000000608501202612f')).toBe('transport header names no DNS name');
  expect(read('00000002 0880'.replace(' ', ''))).toBe('transport header is no protobuf message');
});

test('mutated headers never throw', () => {
  const random = seededRandom(3);
  const encoded = encodeTransportHeader({ port: 4143, name: 'a.example', sessionProtocol: 'http1' });
  for (let i = 0; i < 5000; i++) {
    const bytes = Buffer.from(encoded);
    bytes[23 + Math.floor(random() * (bytes.length - 23))] = Math.floor(random() * 256);
    expect(() => readTransportHeader(bytes)).not.toThrow();
  }
});
