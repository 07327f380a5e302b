import { describe, expect, it } from 'vitest';
import { requestOf } from '../outbound/http-exchange.testing.ts';
import { describeRequest, nameOf } from './attributes.ts';

const describeOf = (changes: Parameters<typeof requestOf>[0]) =>
  Object.fromEntries(describeRequest(requestOf(changes)));

describe('describeRequest()', () => {
  it('names what the sheet names, and no other header', () => {
    const headers = {
      'user-agent': 'curl/8',
      'content-length': '3',
      'content-type': 'text/plain',
      'l5d-orig-proto': 'HTTP/1.1',
      authorization: 'Bearer secret',
    };
    expect(describeOf({ method: 'POST', path: '/api/vote?choice=a', headers })).toEqual({
      'http.request.method': 'POST',
      'url.scheme': 'http',
      'url.path': '/api/vote',
      'url.query': 'choice=a',
      'url.full': 'http://web.shop:80/api/vote?choice=a',
      'network.transport': 'tcp',
      'server.address': 'web.shop',
      'server.port': '80',
      'user_agent.original': 'curl/8',
      'http.request.header.content-length': '3',
      'http.request.header.content-type': 'text/plain',
      'http.request.header.l5d-orig-proto': 'HTTP/1.1',
    });
  });

  it.each([
    ['web', { 'url.full': 'http://web/', 'server.address': 'web' }],
    ['[::1]:80', { 'url.full': 'http://[::1]:80/', 'server.address': '[::1]', 'server.port': '80' }],
    ['me:secret@web:1', { 'url.full': 'http://REDACTED:REDACTED@web:1/', 'server.address': 'web' }],
    ['me@web', { 'url.full': 'http://REDACTED@web/' }],
    ['', { 'url.full': '/' }],
  ])('reads the authority %s, and tells of no secret in it', (authority, expected) => {
    const described = describeOf({ authority });
    expect(described).toMatchObject(expected);
    expect(JSON.stringify(described)).not.toContain('secret');
    expect('server.port' in described).toBe('server.port' in expected || authority.endsWith(':1'));
  });

  it('makes Unicode of the bytes of a head, whatever they are', () => {
    const path = Buffer.from('/ü').toString('latin1');
    expect(describeOf({ path })['url.path']).toBe('/ü');
    expect(describeOf({ path: '/\xff' })['url.path']).toBe('/\ufffd');
  });
});

it('nameOf() is the path, or the method of a request that has none', () => {
  expect(nameOf(requestOf({ path: '/a/b?c' }))).toBe('/a/b');
  expect(nameOf(requestOf({ path: '', method: 'CONNECT' }))).toBe('CONNECT');
});
