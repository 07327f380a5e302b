import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '#lib/telemetry';
import { type FakeApiServer, startFakeApiServer } from '../testing/api-server.ts';
import type { KubernetesClient } from './client.ts';
import { createKubernetesClient } from './http-client.ts';
import { createLease, type HeldLease, type LeaseOptions } from './lease.ts';
import { LEASES, type Lease } from './lease-record.ts';

const log = createLogger({ target: 'test', level: 'off' });
const TERMS = { namespace: 'linkerd', name: 'write', log, durationMs: 2000, renewMs: 1200, retryMs: 40 };

describe('createLease', () => {
  let api: FakeApiServer;
  let client: KubernetesClient;
  let leases: HeldLease[];
  beforeEach(async () => {
    api = await startFakeApiServer();
    client = createKubernetesClient(api.connection, { log, userAgent: 'test/1', qps: 0 });
    leases = [];
  });
  afterEach(async () => {
    await Promise.all(leases.map((lease) => lease.close()));
    client.close();
    await api.close();
  });
  const open = (holder: string, options: Partial<LeaseOptions> = {}): HeldLease => {
    const lease = createLease(client, { ...TERMS, holder, ...options });
    leases.push(lease);
    return lease;
  };
  const stored = () => api.get(LEASES, 'linkerd', 'write');
  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 5 });
  const putForeign = (spec: Lease['spec']) =>
    api.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'linkerd', name: 'write' },
      spec: { holderIdentity: 'other', leaseDurationSeconds: 1, leaseTransitions: 4, ...spec },
    } as Lease);

  it('takes a lease that nobody has, renews it, and gives it back', async () => {
    const lease = open('a', { labels: { component: 'destination' } });
    const changes: boolean[] = [];
    lease.onChange((isHeld) => changes.push(isHeld));
    await eventually(() => expect(lease.isHeld()).toBe(true));
    expect(stored()).toMatchObject({
      metadata: { labels: { component: 'destination' } },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 2, leaseTransitions: 0 },
    });
    const { acquireTime, renewTime } = stored()?.spec ?? {};
    expect(renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await eventually(() => expect(stored()?.spec?.renewTime).not.toBe(renewTime));
    expect(stored()?.spec?.acquireTime).toBe(acquireTime);
    await lease.close();
    expect(stored()?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect(changes).toEqual([true, false]);
  });

  it('is held by one at a time, and passes on at once when it is given back', async () => {
    const all = ['a', 'b', 'c'].map((holder) => open(holder));
    const held = () => all.filter((lease) => lease.isHeld());
    await eventually(() => expect(held()).toHaveLength(1));
    for (let round = 0; round < 20; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(held().length).toBeLessThanOrEqual(1);
    }
    const [first] = held();
    const startedMs = performance.now();
    await first?.close();
    await eventually(() => expect(held()).toHaveLength(1));
    expect(held()[0]).not.toBe(first);
    expect(performance.now() - startedMs).toBeLessThan(1900);
  });

  it('takes over from one who has died, by its own clock and not by what the other wrote', async () => {
    putForeign({ renewTime: '2001-01-01T00:00:00.000000Z' });
    const startedMs = performance.now();
    const lease = open('a');
    await eventually(() => expect(lease.isHeld()).toBe(true));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1000);
    expect(stored()?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 5 });
  });

  it('leaves one alone who is alive, whatever its clock says', async () => {
    const lease = open('a', { holder: 'a' });
    await eventually(() => expect(lease.isHeld()).toBe(true));
    await lease.close();
    let beats = 0;
    const heart = setInterval(
      () => putForeign({ renewTime: `2001-01-01T00:00:00.${String(++beats).padStart(6, '0')}Z` }),
      100,
    );
    putForeign({ renewTime: '2001-01-01T00:00:00.000000Z' });
    const other = open('b');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    clearInterval(heart);
    expect(other.isHeld()).toBe(false);
  });

  it('lets go of what it could not renew in time, and takes it again later', async () => {
    const lease = open('a');
    const changes: boolean[] = [];
    lease.onChange((isHeld) => changes.push(isHeld));
    await eventually(() => expect(lease.isHeld()).toBe(true));
    await api.stop();
    await eventually(() => expect(lease.isHeld()).toBe(false));
    await api.restart();
    await eventually(() => expect(lease.isHeld()).toBe(true));
    await eventually(() => expect(changes).toEqual([true, false, true]));
    expect(stored()?.spec).toMatchObject({ leaseTransitions: 0 });
  });

  it('lets go when another has taken it', async () => {
    const lease = open('a');
    await eventually(() => expect(lease.isHeld()).toBe(true));
    putForeign({ renewTime: 'x', leaseDurationSeconds: 60 });
    await eventually(() => expect(lease.isHeld()).toBe(false));
    expect(stored()?.spec?.holderIdentity).toBe('other');
  });
});
