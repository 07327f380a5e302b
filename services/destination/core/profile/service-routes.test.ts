import { describe, expect, it } from 'vitest';
import type { RequestCondition, ResponseCondition, ServiceProfile } from '#lib/resources';
import { buildServiceProfile } from '../../shop.fixture.ts';
import { DEFAULT_RETRY_BUDGET } from './profile.ts';
import { translateRequestCondition, translateResponseCondition } from './route-match.ts';
import { translateServiceProfile } from './service-routes.ts';

const translate = (spec: ServiceProfile['spec']) =>
  translateServiceProfile(buildServiceProfile('web', spec), { port: 80, clusterDomain: 'cluster.local' });
const get = { kind: 'method', method: 'GET' };
const root = { kind: 'path', regex: '/' };

describe('translateRequestCondition', () => {
  it.each<[RequestCondition, unknown]>([
    [{ method: 'GET' }, get],
    [{ pathRegex: '/' }, root],
    [
      { pathRegex: '/', method: 'GET' },
      { kind: 'all', matches: [get, root] },
    ],
    [{ all: [{ method: 'GET' }, { pathRegex: '/' }] }, { kind: 'all', matches: [get, root] }],
    [{ any: [{ method: 'GET' }] }, { kind: 'any', matches: [get] }],
    [{ not: { method: 'GET' } }, { kind: 'not', match: get }],
    [
      { not: [{ method: 'GET' }, { pathRegex: '/' }] },
      {
        kind: 'all',
        matches: [
          { kind: 'not', match: get },
          { kind: 'not', match: root },
        ],
      },
    ],
    [
      { all: [{ any: [{ not: { method: 'GET' } }] }] },
      { kind: 'all', matches: [{ kind: 'any', matches: [{ kind: 'not', match: get }] }] },
    ],
  ])('%j', (condition, expected) => {
    expect(translateRequestCondition(condition)).toEqual(expected);
  });

  it('refuses a condition that says nothing, however deep', () => {
    expect(() => translateRequestCondition({})).toThrow('must set at least one field');
    expect(() => translateRequestCondition({ all: [{ not: {} }] })).toThrow('must set at least one field');
  });
});

describe('translateResponseCondition', () => {
  it.each<[ResponseCondition, unknown]>([
    [{ status: { min: 500, max: 599 } }, { kind: 'status', min: 500, max: 599 }],
    [{ status: { min: 500 } }, { kind: 'status', min: 500, max: 500 }],
    [{ status: { max: 404, min: 0 } }, { kind: 'status', min: 404, max: 404 }],
    [{ not: { status: { min: 200 } } }, { kind: 'not', match: { kind: 'status', min: 200, max: 200 } }],
    [{ any: [{ status: { min: 200 } }] }, { kind: 'any', matches: [{ kind: 'status', min: 200, max: 200 }] }],
  ])('%j', (condition, expected) => {
    expect(translateResponseCondition(condition)).toEqual(expected);
  });

  it.each<ResponseCondition>([
    {},
    { status: {} },
    { status: { min: 600 } },
    { status: { min: 500, max: 400 } },
    { status: { min: 99 } },
  ])('refuses %j', (condition) => {
    expect(() => translateResponseCondition(condition)).toThrow();
  });
});

describe('translateServiceProfile', () => {
  it('translates routes with everything they may say', () => {
    const { routes, warnings } = translate({
      routes: [
        {
          name: 'GET /',
          condition: { method: 'GET' },
          responseClasses: [
            { condition: { status: { min: 500 } }, isFailure: true },
            { condition: { status: { max: 404 } } },
          ],
          isRetryable: true,
          timeout: '1.5s',
        },
        { name: 'plain', condition: { pathRegex: '/' } },
      ],
    });
    expect(warnings).toEqual([]);
    expect(routes).toEqual([
      {
        name: 'GET /',
        condition: get,
        responseClasses: [
          { condition: { kind: 'status', min: 500, max: 500 }, isFailure: true },
          { condition: { kind: 'status', min: 404, max: 404 }, isFailure: false },
        ],
        isRetryable: true,
        timeoutMs: 1500,
      },
      { name: 'plain', condition: root, responseClasses: [], isRetryable: false },
    ]);
  });

  it('leaves a bad route out and keeps the others', () => {
    const { routes, warnings } = translate({
      routes: [
        { name: 'bad', condition: {} },
        { name: 'late', condition: { method: 'GET' }, timeout: 'soon' },
      ],
    });
    expect(routes).toEqual([{ name: 'late', condition: get, responseClasses: [], isRetryable: false }]);
    expect(warnings).toEqual([
      'ServiceProfile shop/web.shop.svc.cluster.local: route "bad" left out: a request condition must set at least one field',
      'ServiceProfile shop/web.shop.svc.cluster.local: route "late" has no timeout: "soon" is not a duration such as 300ms',
    ]);
  });

  it('takes the retry budget, and the default one without', () => {
    expect(translate({}).retryBudget).toEqual(DEFAULT_RETRY_BUDGET);
    const budget = { retryRatio: 0.5, minRetriesPerSecond: 3, ttl: '30s' };
    expect(translate({ retryBudget: budget }).retryBudget).toEqual({
      retryRatio: 0.5,
      minRetriesPerSecond: 3,
      ttlMs: 30_000,
    });
    const bad = translate({ retryBudget: { ...budget, ttl: 'x' } });
    expect(bad.retryBudget.ttlMs).toBe(10_000);
    expect(bad.warnings).toHaveLength(1);
  });

  it.each<[string, string | number, string, number]>([
    ['a.shop.svc.cluster.local', '500m', 'a.shop.svc.cluster.local:80', 5000],
    ['a.shop.svc.cluster.local:8080', 1, 'a.shop.svc.cluster.local:8080', 10_000],
    ['a.shop.svc.cluster.local', '0.1', 'a.shop.svc.cluster.local:80', 1000],
    ['a.shop.svc.cluster.local', '1u', 'a.shop.svc.cluster.local:80', 10],
    ['a.shop.svc.cluster.local', '1G', 'a.shop.svc.cluster.local:80', 0xffff_ffff],
    ['a.shop.svc.cluster.local', 0, 'a.shop.svc.cluster.local:80', 0],
  ])('a split to %s weighs %j', (authority, weight, full, expected) => {
    const port = Number(full.split(':')[1]);
    expect(translate({ dstOverrides: [{ authority, weight }] }).dstOverrides).toEqual([
      {
        authority: full,
        weight: expected,
        backend: { group: 'core', kind: 'Service', namespace: 'shop', name: 'a', port },
      },
    ]);
  });

  it('splits to names outside the cluster without naming a Service, and leaves nonsense out', () => {
    const { dstOverrides, warnings } = translate({
      dstOverrides: [
        { authority: 'example.com', weight: 1 },
        { authority: 'x', weight: 'much' },
        { weight: 1 },
      ],
    });
    expect(dstOverrides).toEqual([{ authority: 'example.com:80', weight: 10_000 }]);
    expect(warnings).toHaveLength(2);
  });
});
