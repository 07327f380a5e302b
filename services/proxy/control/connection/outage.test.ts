import { expect, it } from 'vitest';
import { createLogger } from '#lib/telemetry';
import { Outage } from './outage.ts';

it('tells of an outage at once, every 15 seconds while it lasts, and of its end', () => {
  const lines: string[] = [];
  const time = { ms: 0 };
  const outage = new Outage({
    log: createLogger({ target: 'test', write: (line) => lines.push(line) }),
    text: { failed: 'Failed to connect', over: 'Connected again' },
    fields: { service: 'policy', addr: 'policy:8090' },
    clock: { now: () => 1_700_000_000_000 + time.ms, monotonic: () => time.ms },
  });
  outage.end();
  for (; time.ms <= 40_000; time.ms += 100) outage.failed('refused');
  expect(outage.problem).toEqual({ reason: 'refused', since: '2023-11-14T22:13:20.000Z' });
  outage.end();
  outage.end();
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line).toMatch(/policy:8090/);
  expect(lines[0]).toMatch(/level=warning.*Failed to connect.*refused/);
  expect(lines[0]).not.toContain('since');
  for (const line of lines.slice(1, 3)) expect(line).toMatch(/Failed to connect.*2023-11-14T22:13:20.000Z/);
  expect(lines[3]).toMatch(/level=info.*Connected again.*40\.1s/);
  outage.failed('refused');
  expect(lines).toHaveLength(5);
  expect(outage.problem?.since).toBe('2023-11-14T22:14:00.100Z');
});
