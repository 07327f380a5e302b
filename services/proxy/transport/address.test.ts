import { describe, expect, it } from 'vitest';
import { formatAddress, isLoopback, parseSocketAddress, unwrapMappedIp } from './address.ts';
import { namesOfSan } from './tls-config.ts';

describe('parseSocketAddress', () => {
  it.each([
    ['1.2.3.4:80', { host: '1.2.3.4', port: 80 }],
    ['[::]:4143', { host: '::', port: 4143 }],
    [' 0.0.0.0:0 ', { host: '0.0.0.0', port: 0 }],
    ['::1:80', undefined],
    ['[1.2.3.4]:80', undefined],
    ['localhost:80', undefined],
    ['1.2.3.4', undefined],
    ['1.2.3.4:65536', undefined],
    ['1.2.3.400:80', undefined],
  ])('%s', (text, address) => {
    expect(parseSocketAddress(text)).toEqual(address);
  });
});

it('formatAddress() brackets IPv6', () => {
  expect(formatAddress({ host: '::1', port: 80 })).toBe('[::1]:80');
  expect(formatAddress({ host: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80');
});

it('unwrapMappedIp() unwraps IPv4-mapped addresses only', () => {
  expect(unwrapMappedIp('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(unwrapMappedIp('::FFFF:10.0.0.1')).toBe('10.0.0.1');
  expect(unwrapMappedIp('fd00::1')).toBe('fd00::1');
});

it('isLoopback() knows 127.0.0.0/8 and ::1', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true);
  expect(['10.0.0.1', '::', 'fd00::1'].some(isLoopback)).toBe(false);
});

describe('namesOfSan', () => {
  it('lists DNS and URI names in their order, DNS in lower case', () => {
    expect(namesOfSan('DNS:Web.Shop, URI:spiffe://root/ns/Shop, IP Address:10.0.0.1')).toEqual([
      'web.shop',
      'spiffe://root/ns/Shop',
    ]);
    expect(namesOfSan(undefined)).toEqual([]);
  });

  it('leaves out a name that Node had to quote: it could pass for two', () => {
    expect(namesOfSan('DNS:"a.example\\u002c DNS:admin.example"')).toEqual([]);
  });
});
