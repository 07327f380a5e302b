import { describe, expect, it } from 'vitest';
import { seededRandom } from '#lib/base';
import { decodeHuffman, encodeHuffman, huffmanLength } from './huffman.ts';

function encode(text: string): Buffer {
  const out = Buffer.alloc(text.length * 4 + 8);
  return out.subarray(0, encodeHuffman(text, out, 0));
}

describe('encodeHuffman()', () => {
  it.each([
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
    ['', ''],
  ])('encodes %j as RFC 7541 appendix C has it', (text, hex) => {
    expect(encode(text).toString('hex')).toBe(hex);
    expect(huffmanLength(text)).toBe(hex.length / 2);
  });

  it('is undone by decodeHuffman() for any bytes', () => {
    const random = seededRandom(7);
    const target = Buffer.alloc(4096);
    for (let round = 0; round < 2000; round++) {
      const length = Math.floor(random() * 40);
      const text = Array.from({ length }, () => String.fromCharCode(Math.floor(random() * 256))).join('');
      const bytes = encode(text);
      const decoded = decodeHuffman(bytes, { start: 0, end: bytes.length }, target);
      expect(target.latin1Slice(0, decoded)).toBe(text);
    }
  });
});

describe('decodeHuffman()', () => {
  it('never reads past its input, whatever the bytes', () => {
    const random = seededRandom(11);
    const target = Buffer.alloc(4096);
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(
        Array.from({ length: Math.floor(random() * 20) }, () => Math.floor(random() * 256)),
      );
      const decoded = decodeHuffman(bytes, { start: 0, end: bytes.length }, target);
      // What is accepted is the one encoding of its text: no two encodings, no hidden bits.
      if (decoded >= 0) expect(encode(target.latin1Slice(0, decoded)).equals(bytes)).toBe(true);
    }
  });
});
