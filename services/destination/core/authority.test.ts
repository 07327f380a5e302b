import { describe, expect, it } from 'vitest';
import { findServiceTarget, parseGetTarget, parseProfileTarget } from './authority.ts';

const service = { namespace: 'shop', name: 'web' };

describe('parseGetTarget', () => {
  it.each([
    ['web.shop.svc.cluster.local', { service, port: 80, hostname: undefined }],
    ['web.shop.svc.cluster.local:8080', { service, port: 8080, hostname: undefined }],
    ['web-0.web.shop.svc.cluster.local:1', { service, port: 1, hostname: 'web-0' }],
  ])('%s', (path, expected) => {
    expect(parseGetTarget(path, 'cluster.local')).toEqual(expected);
  });

  it.each([
    '',
    ':80',
    'web.shop.svc.cluster.local:0',
    'web.shop.svc.cluster.local:65536',
    'web.shop.svc.cluster.local:http',
    'web.shop.svc.cluster.local:80:80',
    'web.shop.svc.cluster.local.:80',
    'web.shop.svc.other.domain:80',
    'web.svc.cluster.local:80',
    'a.b.web.shop.svc.cluster.local:80',
    '.shop.svc.cluster.local:80',
    'WEB.shop.svc.cluster.local:80',
    'example.com:80',
    '[web.shop.svc.cluster.local]:80',
    '::1',
  ])('refuses %j', (path) => {
    expect(() => parseGetTarget(path, 'cluster.local')).toThrow(
      expect.objectContaining({ status: 'InvalidArgument', message: `Invalid authority: ${path}` }),
    );
  });

  it.each([
    ['10.0.0.1:80', '10.0.0.1'],
    ['[fd00::1]:80', 'fd00::1'],
  ])('refuses the IP of %s', (path, host) => {
    expect(() => parseGetTarget(path, 'cluster.local')).toThrow(
      expect.objectContaining({
        status: 'InvalidArgument',
        message: `IP queries not supported by Get API: host=${host}`,
      }),
    );
  });
});

describe('parseProfileTarget', () => {
  it.each([
    ['10.0.0.1:8080', { kind: 'address', ip: '10.0.0.1', port: 8080 }],
    ['10.0.0.1', { kind: 'address', ip: '10.0.0.1', port: 80 }],
    ['[FD00:0::1]:8080', { kind: 'address', ip: 'fd00::1', port: 8080 }],
    ['web.shop.svc.cluster.local:8080', { kind: 'service', service, port: 8080, hostname: undefined }],
  ])('%s', (path, expected) => {
    expect(parseProfileTarget(path, 'cluster.local')).toEqual(expected);
  });
});

describe('findServiceTarget', () => {
  it('is silent about names that are no Service', () => {
    expect(findServiceTarget('example.com:80', 'cluster.local')).toBeUndefined();
    expect(findServiceTarget('web.shop.svc.cluster.local:1', 'cluster.local')?.port).toBe(1);
  });
});
