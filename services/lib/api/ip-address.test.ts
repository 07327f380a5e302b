import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { IPAddressSchema, TcpAddressSchema } from './gen/net_pb.ts';
import { fromIpAddress, fromTcpAddress, toIpAddress, toIpNetwork, toTcpAddress } from './ip-address.ts';

describe('IPv4', () => {
  test.each([
    ['1.2.3.4', 0x01020304],
    ['0.0.0.0', 0],
    ['255.255.255.255', 0xffffffff],
    ['192.168.0.1', 0xc0a80001],
  ])('%s is the number %d, both ways', (text, value) => {
    const address = toIpAddress(text);
    expect(address?.ip).toEqual({ case: 'ipv4', value });
    expect(fromIpAddress(address)).toBe(text);
  });
});

describe('IPv6', () => {
  test.each([
    ['::', 0n, 0n],
    ['::1', 0n, 1n],
    ['2001:db8::', 0x20010db800000000n, 0n],
    ['fd00::1:0:0:5', 0xfd00000000000000n, 0x0001000000000005n],
    ['2001:db8:1:2:3:4:5:6', 0x20010db800010002n, 0x0003000400050006n],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 0xffffffffffffffffn, 0xffffffffffffffffn],
    ['::ffff:10.1.2.3', 0n, 0x0000ffff0a010203n],
  ])('%s is its two halves, both ways', (text, first, last) => {
    const address = toIpAddress(text);
    expect(address?.ip.value).toMatchObject({ first, last });
    expect(fromIpAddress(address)).toBe(text);
  });

  test.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:ffff:a01:203', '::ffff:10.1.2.3'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is written %s', (text, canonical) => {
    expect(fromIpAddress(toIpAddress(text))).toBe(canonical);
  });
});

test.each(['', 'localhost', '1.2.3', '1.2.3.256', '[::1]', 'fe80::1%eth0', '1::2::3', ' ::1'])(
  'no address: %j',
  (text) => {
    expect(toIpAddress(text)).toBeUndefined();
  },
);

test('an empty message is no address', () => {
  expect(fromIpAddress(create(IPAddressSchema))).toBeUndefined();
  expect(fromTcpAddress(create(TcpAddressSchema, { port: 80 }))).toBeUndefined();
  expect(fromTcpAddress(undefined)).toBeUndefined();
});

test('a TCP address is a host and a port, both ways', () => {
  const address = { host: 'fd00::2', port: 8080 };
  expect(fromTcpAddress(toTcpAddress(address))).toEqual(address);
  expect(toTcpAddress({ host: '10.0.0.1', port: 65_536 })).toBeUndefined();
  expect(toTcpAddress({ host: 'web', port: 80 })).toBeUndefined();
  const ip = toIpAddress('10.0.0.1');
  if (ip === undefined) throw new Error('10.0.0.1 must be an address');
  expect(fromTcpAddress(create(TcpAddressSchema, { ip, port: 70_000 }))).toBeUndefined();
});

describe('networks', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0', 8],
    ['0.0.0.0/0', '0.0.0.0', 0],
    ['::/0', '::', 0],
    ['fd00::/128', 'fd00::', 128],
    ['127.0.0.1', '127.0.0.1', 32],
    ['::1', '::1', 128],
  ])('%s', (text, ip, prefixLen) => {
    const network = toIpNetwork(text);
    expect(fromIpAddress(network?.ip)).toBe(ip);
    expect(network?.prefixLen).toBe(prefixLen);
  });

  test.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/08', '/8', '10.0.0.0/8/8'])(
    'none: %s',
    (text) => {
      expect(toIpNetwork(text)).toBeUndefined();
    },
  );
});
