import { expect, test } from 'vitest';
import { parseAuthority } from './target.ts';

const web = { kind: 'service', namespace: 'shop', name: 'web' };

test.each([
  ['web.shop.svc.cluster.local:8080', { ...web, port: 8080 }],
  ['web.shop.svc.cluster.local', { ...web, port: 80 }],
  ['Web.Shop.svc.cluster.local.:8080', { ...web, port: 8080 }],
  ['pod.web.shop.svc.cluster.local:80', 'unknown'],
  ['example.com:443', 'unknown'],
  ['web.shop.svc.cluster.local:0', 'invalid'],
  ['web.shop.svc.cluster.local:65536', 'invalid'],
  ['web:80:90', 'invalid'],
  ['', 'invalid'],
])('parseAuthority(%j)', (text, expected) => {
  expect(parseAuthority(text, 'cluster.local')).toEqual(expected);
});
