import { expect, test } from 'vitest';
import { explainFailures, type Kill, type Kills } from './failures.ts';

const AT_MS = 1_000_000;
const inFlightBySecond = { [AT_MS / 1000]: 2 };
const peer: Kill = { what: 'proxy', pod: 'web-1', atMs: AT_MS };
const kills = { peers: [peer], outages: [], scalingsAtMs: [] };
const failure = (sentAtMs: number, failedAtMs: number) =>
  ({ kind: 'http2', reason: 'reset', sentAtMs: AT_MS + sentAtMs, failedAtMs: AT_MS + failedAtMs }) as const;

test('a failure is due to the kill that it was in flight at', () => {
  const seen = explainFailures({ failures: [failure(-50, 5)], inFlightBySecond }, kills);
  expect([...seen.byCategory.keys()]).toEqual(['in flight on a peer whose proxy was killed']);
  expect(seen.unexplained).toEqual([]);
});

test.each([
  ['before any kill', failure(-500, -300)],
  ['of what was sent well behind it', failure(1500, 1600)],
  ['long behind it', failure(-10, 30_000)],
])('a failure %s is not explained by it', (_, lone) => {
  expect(explainFailures({ failures: [lone], inFlightBySecond }, kills).unexplained).toEqual([lone]);
});

test('a kill explains no more failures than there were calls in flight', () => {
  const failures = [failure(-1, 1), failure(-1, 2), failure(-1, 3)];
  expect(explainFailures({ failures, inFlightBySecond }, kills).unexplained).toEqual([failures[2]]);
});

test('while the destination service is away nobody is told that a peer is gone', () => {
  const failures = [failure(1500, 1600)];
  const explain = (given: Partial<Kills>) =>
    explainFailures({ failures, inFlightBySecond }, { ...kills, ...given }).unexplained;
  const outage = (fromMs: number, readyMs?: number) => ({
    outages: [{ fromMs: AT_MS + fromMs, readyMs: readyMs === undefined ? undefined : AT_MS + readyMs }],
  });
  expect(explain(outage(-200))).toEqual([]);
  expect(explain(outage(-200, 800))).toEqual([]);
  // Proxies ask again, once more as long after, and are told.
  expect(explain(outage(-5000, -2500))).toEqual([]);
  expect(explain(outage(-5000, -3500))).toEqual(failures);
  // Whatever it is away for.
  expect(explain(outage(-30_000))).toEqual(failures);
  // One that is not killed but told to go.
  expect(explain({ peers: [], ...outage(0), scalingsAtMs: [AT_MS - 5000] })).toEqual([]);
  expect(explain({ peers: [], scalingsAtMs: [AT_MS - 5000] })).toEqual(failures);
});
