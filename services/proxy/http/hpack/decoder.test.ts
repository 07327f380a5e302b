import { describe, expect, it } from 'vitest';
import { DECODED, HpackDecoder } from './decoder.ts';

/** Decodes hex and shows the fields as lines. */
function decode(decoder: HpackDecoder, hex: string): { outcome: number; lines: string[] } {
  const block = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const outcome = decoder.decode(block, 0, block.length);
  const lines = decoder.fields.slice(0, decoder.count).map((field) => `${field.name}: ${field.value}`);
  return { outcome, lines };
}

const FIRST_REQUEST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const SECOND_REQUEST = [...FIRST_REQUEST, 'cache-control: no-cache'];
const THIRD_REQUEST = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
];
const DATE_21 = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const DATE_22 = 'date: Mon, 21 Oct 2013 20:13:22 GMT';
const LOCATION = 'location: https://www.example.com';
const SET_COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const RESPONSES = [
  [':status: 302', 'cache-control: private', DATE_21, LOCATION],
  [':status: 307', 'cache-control: private', DATE_21, LOCATION],
  [':status: 200', 'cache-control: private', DATE_22, LOCATION, 'content-encoding: gzip', SET_COOKIE],
];

describe('HpackDecoder on the examples of RFC 7541 appendix C', () => {
  it.each([
    [
      'C.2.1',
      '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
      'custom-key: custom-header',
    ],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path'],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret'],
    ['C.2.4', '82', ':method: GET'],
  ])('%s', (_, hex, line) => {
    expect(decode(new HpackDecoder(), hex)).toEqual({ outcome: DECODED.ok, lines: [line] });
  });

  it.each([
    [
      'C.3, plain',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4, Huffman',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
  ])('%s', (_, blocks) => {
    const decoder = new HpackDecoder();
    const lines = blocks.map((hex) => decode(decoder, hex).lines);
    expect(lines).toEqual([FIRST_REQUEST, SECOND_REQUEST, THIRD_REQUEST]);
  });

  it.each([
    [
      'C.5, plain, with evictions',
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ],
    ],
    [
      'C.6, Huffman, with evictions',
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ],
  ])('%s', (_, blocks) => {
    const decoder = new HpackDecoder({ maxTableBytes: 256 });
    expect(blocks.map((hex) => decode(decoder, hex).lines)).toEqual(RESPONSES);
  });
});

describe('HpackDecoder refuses', () => {
  it.each([
    ['index 0', '80'],
    ['an index above the tables', 'be'],
    ['a name index above the tables', '7f00 0161'],
    ['an integer that is cut short', 'ff'],
    ['an integer without end', 'ffff ffff ffff ff'],
    ['a string longer than the block', '0005 6162'],
    ['a value that is missing', '0001 61'],
    ['a size update above the limit', '3fe2 1f'],
    ['a size update behind a field', '8220'],
    ['EOS in a string', '0001 6184 ffff fffc'],
    ['Huffman padding of 8 bits', '0001 6182 1fff'],
    ['Huffman padding that is not of ones', '0001 6181 18'],
  ])('%s, as not HPACK', (_, hex) => {
    expect(decode(new HpackDecoder(), hex).outcome).toBe(DECODED.broken);
  });

  it.each([
    ['an upper-case name', '0001 4101 62'],
    ['an empty name', '0000 0162'],
    ['a space in a name', '0003 6120 6201 62'],
    ['a line break in a value', '0001 6103 620a 62'],
    ['NUL in a value', '0001 6101 00'],
    ['white space before a value', '0001 6102 2062'],
    ['white space behind a value', '0001 6102 6209'],
    ['a space in a path', '0403 2f20 62'],
    ['a fragment in a path', '0403 2f23 62'],
    ['user information in an authority', '0103 6140 62'],
  ])('%s, as malformed', (_, hex) => {
    expect(decode(new HpackDecoder(), hex).outcome).toBe(DECODED.malformed);
  });

  it('a malformed entry every time it is used, and a name of one too', () => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, '4001 4101 62').outcome).toBe(DECODED.malformed);
    expect(decode(decoder, 'be').outcome).toBe(DECODED.malformed);
    expect(decode(decoder, '0f2f 0162').outcome).toBe(DECODED.malformed);
    expect(decode(decoder, '82').outcome).toBe(DECODED.ok);
  });

  it('a list above the maximum, yet stays in step', () => {
    const decoder = new HpackDecoder({ maxListBytes: 100 });
    const first = '4001 6101 62';
    expect(decode(decoder, `${first}bebe`).outcome).toBe(DECODED.tooLarge);
    expect(decode(decoder, 'be')).toEqual({ outcome: DECODED.ok, lines: ['a: b'] });
  });
});

describe('HpackDecoder', () => {
  it('gives the same object for the same entry, over connections too', () => {
    const one = new HpackDecoder();
    const two = new HpackDecoder();
    const hex = '4004 7365 656e 0474 6865 6e';
    decode(one, hex.slice(0, -2).concat('6e'));
    const [a] = one.fields;
    decode(one, 'be');
    expect(one.fields[0]).toBe(a);
    decode(two, hex);
    expect(two.fields[0]).toBe(a);
  });

  it('marks never-indexed fields as sensitive', () => {
    const decoder = new HpackDecoder();
    decode(decoder, '1008 7061 7373 776f 7264 0673 6563 7265 74');
    expect(decoder.fields[0]?.sensitive).toBe(true);
  });

  it('empties its table on a size update of 0', () => {
    const decoder = new HpackDecoder();
    decode(decoder, '4001 6101 62');
    expect(decode(decoder, '20').outcome).toBe(DECODED.ok);
    expect(decode(decoder, 'be').outcome).toBe(DECODED.broken);
  });
});
