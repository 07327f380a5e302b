import { expect, test } from 'vitest';
import { findGaps, type Happened, measureCoverage } from './coverage.ts';
import { type Account, KINDS } from './pods/account.ts';

const MINUTES_10 = 600_000;
const each = (value: number) => Object.fromEntries(KINDS.map((kind) => [kind, value])) as Account['ok'];
const names = Array.from({ length: 40 }, (_, at) => `churn-${at}`);
const happened: Happened = {
  peersKilled: 29,
  controlPlaneKilled: 13,
  readyPods: new Set(names),
  account: {
    sent: each(101),
    ok: each(100),
    failures: [],
    answers: Object.fromEntries(names.map((name) => [name, 7])),
  },
};
const gapsOf = (change: Partial<Happened>) => {
  const changed = { ...happened, ...change };
  return findGaps(measureCoverage(changed, MINUTES_10), changed.account);
};

test('a soak in which all of it happened has no gaps', () => {
  expect(gapsOf({})).toEqual([]);
});

test.each<[string, Partial<Happened>]>([
  ['peers killed 3, not 15', { peersKilled: 3 }],
  ['control plane killed 0, not 6', { controlPlaneKilled: 0 }],
  ['pods that came 2, not 15', { readyPods: new Set(names.slice(0, 2)) }],
  ['of them answered 1, not 20', { account: { ...happened.account, answers: { 'churn-3': 9, steady: 99 } } }],
])('%s', (gap, change) => {
  expect(gapsOf(change)).toContain(`too little happened: ${gap}`);
});

test('a kind of call that never goes well is told', () => {
  const ok = { ...each(100), 'grpc bidi': 0 };
  const sent = { ...each(100), 'grpc bidi': 0 };
  expect(gapsOf({ account: { ...happened.account, sent, ok } })).toEqual(['no call of grpc bidi went well']);
});

test('calls that neither went well nor failed are told', () => {
  expect(gapsOf({ account: { ...happened.account, sent: each(120) } })).toEqual([
    `${20 * KINDS.length} calls never came to an end`,
  ]);
});
