import { describe, expect, it } from 'vitest';
import { normalizeIp, parseIp } from './ip.ts';

describe('parseIp', () => {
  it.each([
    ['1.2.3.4', { family: 4, value: 0x01020304 }],
    ['255.255.255.255', { family: 4, value: 0xffffffff }],
    ['::1', { family: 6, first: 0n, last: 1n }],
    ['2001:db8::ff00:42:8329', { family: 6, first: 0x20010db800000000n, last: 0x0000ff0000428329n }],
    ['::ffff:1.2.3.4', { family: 6, first: 0n, last: 0xffff01020304n }],
    ['1:2:3:4:5:6:7:8', { family: 6, first: 0x0001000200030004n, last: 0x0005000600070008n }],
  ])('%s', (text, expected) => {
    expect(parseIp(text)).toEqual(expected);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    'web',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    'g::',
    '1.2.3.4::',
  ])('refuses %j', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });
});

describe('normalizeIp', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['fe80::', 'fe80::'],
    ['web', 'web'],
  ])('%s → %s', (text, expected) => {
    expect(normalizeIp(text)).toBe(expected);
  });
});
