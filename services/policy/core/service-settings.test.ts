import { expect, test } from 'vitest';
import type { Service } from '#lib/resources';
import { readGrpcRetry } from './retry.ts';
import { readServiceSettings, type ServiceSettings } from './service-settings.ts';

function read(annotations: Record<string, string>): ServiceSettings {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { ports: [{ port: 80 }] },
  };
  return readServiceSettings(service);
}

const ACCRUAL = 'balancer.linkerd.io/failure-accrual';
const ALPHA = 'balancer.alpha.linkerd.io/';
const backoff = { minMs: 1000, maxMs: 60_000, jitterRatio: 0.5 };

test.each<[string, Record<string, string>, unknown]>([
  ['nothing', {}, undefined],
  [
    'the consecutive defaults',
    { [ACCRUAL]: 'consecutive' },
    { kind: 'consecutive', maxFailures: 7, backoff },
  ],
  [
    'consecutive values',
    {
      [ACCRUAL]: 'consecutive',
      [`${ACCRUAL}-consecutive-max-failures`]: '3',
      [`${ACCRUAL}-consecutive-min-penalty`]: '2s',
      [`${ACCRUAL}-consecutive-max-penalty`]: '1m',
      [`${ACCRUAL}-consecutive-jitter-ratio`]: '1.5',
    },
    { kind: 'consecutive', maxFailures: 3, backoff: { minMs: 2000, maxMs: 60_000, jitterRatio: 1.5 } },
  ],
  [
    'the unified defaults',
    { [ACCRUAL]: 'unified' },
    {
      kind: 'unified',
      maxFailures: 7,
      backoff,
      successRateThreshold: 0.8,
      windowMs: 10_000,
      minRequests: 5,
      honorsRetryAfter: false,
    },
  ],
  [
    'unified values',
    {
      [ACCRUAL]: 'unified',
      [`${ACCRUAL}-consecutive-max-failures`]: '0',
      [`${ALPHA}failure-accrual-success-rate-threshold`]: '0.9',
      [`${ALPHA}failure-accrual-success-rate-window`]: '30s',
      [`${ALPHA}failure-accrual-success-rate-min-requests`]: '10',
      [`${ALPHA}failure-accrual-honor-retry-after`]: 'true',
    },
    {
      kind: 'unified',
      maxFailures: 0,
      backoff,
      successRateThreshold: 0.9,
      windowMs: 30_000,
      minRequests: 10,
      honorsRetryAfter: true,
    },
  ],
])('readServiceSettings() reads %s of failure accrual', (_what, annotations, expected) => {
  const settings = read(annotations);
  expect(settings.warnings).toEqual([]);
  expect(settings.failureAccrual).toEqual(expected);
});

test.each<[string, Record<string, string>]>([
  ['an unknown mode', { [ACCRUAL]: 'clever' }],
  ['a negative penalty', { [ACCRUAL]: 'consecutive', [`${ACCRUAL}-consecutive-min-penalty`]: '-1s' }],
  [
    'a duration in the grammar of Go',
    { [ACCRUAL]: 'consecutive', [`${ACCRUAL}-consecutive-min-penalty`]: '1m30s' },
  ],
  [
    'penalties the wrong way round',
    { [ACCRUAL]: 'consecutive', [`${ACCRUAL}-consecutive-max-penalty`]: '10ms' },
  ],
  ['a jitter above 100', { [ACCRUAL]: 'consecutive', [`${ACCRUAL}-consecutive-jitter-ratio`]: '101' }],
  [
    'a threshold above 1',
    { [ACCRUAL]: 'unified', [`${ALPHA}failure-accrual-success-rate-threshold`]: '1.1' },
  ],
  ['a window below 10ms', { [ACCRUAL]: 'unified', [`${ALPHA}failure-accrual-success-rate-window`]: '9ms' }],
])('readServiceSettings() warns of %s and does without failure accrual', (_what, annotations) => {
  const settings = read({ ...annotations, 'timeout.linkerd.io/request': '1s' });
  expect(settings.failureAccrual).toBeUndefined();
  expect(settings.warnings).toHaveLength(1);
  expect(settings.timeouts).toEqual({ requestMs: 1000 });
});

const retryBackoff = { minMs: 25, maxMs: 250, jitterRatio: 1 };

test.each<[string, Record<string, string>, unknown]>([
  ['nothing', {}, undefined],
  ['zeros as nothing', { 'retry.linkerd.io/limit': '0', 'retry.linkerd.io/timeout': '0' }, undefined],
  [
    'all conditions',
    { 'retry.linkerd.io/http': '5xx, Gateway-Error,429,500-502' },
    {
      maxRetries: 1,
      timeoutMs: undefined,
      conditions: [
        { first: 500, last: 599 },
        { first: 502, last: 504 },
        { first: 429, last: 429 },
        { first: 500, last: 502 },
      ],
    },
  ],
  [
    'limit and timeout',
    { 'retry.linkerd.io/limit': '3', 'retry.linkerd.io/timeout': '250ms' },
    { maxRetries: 3, timeoutMs: 250, conditions: [] },
  ],
])('readServiceSettings() reads %s of retries', (_what, annotations, expected) => {
  const settings = read(annotations);
  expect(settings.warnings).toEqual([]);
  expect(settings.httpRetry).toEqual(
    expected && { ...expected, maxRequestBytes: 65_536, backoff: retryBackoff },
  );
});

test.each(['6xx', '600', '503-500', '99', 'often'])(
  'readServiceSettings() warns of the condition %s',
  (text) => {
    const settings = read({ 'retry.linkerd.io/http': text });
    expect(settings.httpRetry).toBeUndefined();
    expect(settings.warnings).toEqual([expect.stringContaining(`"${text}" is not a comma list`)]);
  },
);

test('readGrpcRetry() reads the names of statuses', () => {
  expect(readGrpcRetry({ 'retry.linkerd.io/grpc': 'cancelled,Unavailable' })?.conditions).toEqual([
    'cancelled',
    'unavailable',
  ]);
  expect(() => readGrpcRetry({ 'retry.linkerd.io/grpc': 'aborted' })).toThrow('is not a comma list');
});

test('readServiceSettings() reads timeouts, zero meaning none', () => {
  const settings = read({
    'timeout.linkerd.io/request': '5s',
    'timeout.linkerd.io/response': '0',
    'timeout.linkerd.io/idle': '1m',
  });
  expect(settings.timeouts).toEqual({ requestMs: 5000, idleMs: 60_000 });
});

test('readServiceSettings() reads the load bias only where it is turned on', () => {
  expect(read({ [`${ALPHA}load-biaser-penalty`]: '1s' }).loadBias).toBeUndefined();
  expect(read({ [`${ALPHA}penalize-failures`]: 'T' }).loadBias).toEqual({
    penaltyMs: 5000,
    maxRetryAfterMs: 300_000,
  });
  expect(
    read({
      [`${ALPHA}penalize-failures`]: 'true',
      [`${ALPHA}load-biaser-penalty`]: '1s',
      [`${ALPHA}load-biaser-max-retry-after`]: '60s',
    }).loadBias,
  ).toEqual({ penaltyMs: 1000, maxRetryAfterMs: 60_000 });
});
