import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubeObject, ResourceKind } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { type FakeApiServer, startFakeApiServer } from '../testing/api-server.ts';
import type { KubernetesClient } from './client.ts';
import type { EventRecord } from './event-memory.ts';
import { createEventRecorder, type EventRecorder } from './events.ts';
import { createKubernetesClient } from './http-client.ts';

type Event = KubeObject & { readonly count: number; readonly message: string };
const EVENTS: ResourceKind<Event> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};
const log = createLogger({ target: 'test', level: 'off' });
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'linkerd',
  name: 'linkerd-identity',
};

describe('createEventRecorder', () => {
  let api: FakeApiServer;
  let client: KubernetesClient;
  let recorder: EventRecorder;
  let nowMs: number;
  beforeEach(async () => {
    api = await startFakeApiServer();
    client = createKubernetesClient(api.connection, { log, userAgent: 'test/1', qps: 0 });
    nowMs = Date.UTC(2026, 10, 21, 12);
    const clock = { now: () => nowMs, monotonic: () => nowMs };
    recorder = createEventRecorder(client, { component: 'linkerd-identity', host: 'pod-1', log, clock });
  });
  afterEach(async () => {
    await recorder.close();
    client.close();
    await api.close();
  });
  const record = (message: string, changes: Partial<EventRecord> = {}) =>
    recorder.record({ regarding: DEPLOYMENT, type: 'Normal', reason: 'IssuerUpdated', message, ...changes });
  const events = () => api.list(EVENTS);
  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 });

  it('tells what happened to an object, where kubectl looks for it', async () => {
    record('Updated identity issuer');
    await eventually(() => expect(events()).toHaveLength(1));
    expect(events()[0]).toMatchObject({
      metadata: { namespace: 'linkerd', name: expect.stringMatching(/^linkerd-identity\.[0-9a-f]+$/) },
      involvedObject: DEPLOYMENT,
      type: 'Normal',
      reason: 'IssuerUpdated',
      message: 'Updated identity issuer',
      count: 1,
      firstTimestamp: '2026-11-21T12:00:00Z',
      source: { component: 'linkerd-identity', host: 'pod-1' },
      reportingComponent: 'linkerd-identity',
    });
  });

  it('counts the same event up for ten minutes, and then tells it anew', async () => {
    for (let index = 0; index < 3; index++) record('same');
    await eventually(() => expect(events()).toMatchObject([{ count: 3, message: 'same' }]));
    record('other');
    await eventually(() => expect(events()).toHaveLength(2));
    nowMs += 5 * 60_000;
    record('same');
    await eventually(() =>
      expect(
        events()
          .map(({ count }) => count)
          .sort(),
      ).toEqual([1, 4]),
    );
    nowMs += 11 * 60_000;
    record('same');
    await eventually(() => expect(events()).toHaveLength(3));
  });

  it('tells an event anew that has ended meanwhile', async () => {
    record('same');
    await eventually(() => expect(events()).toHaveLength(1));
    api.remove(EVENTS, 'linkerd', events()[0]?.metadata.name ?? '');
    record('same');
    await eventually(() => expect(events()).toMatchObject([{ count: 1 }]));
  });

  it('leaves out what is too much about one object, and nothing about the others', async () => {
    for (let index = 0; index < 40; index++) record(`message ${index}`);
    record('mine', { regarding: { ...DEPLOYMENT, name: 'other' } });
    await eventually(() => expect(events()).toHaveLength(26));
    expect(events().filter(({ message }) => message === 'mine')).toHaveLength(1);
    nowMs += 300_000;
    record('later');
    await eventually(() => expect(events()).toHaveLength(27));
  });

  it('goes on after the API has refused one', async () => {
    api.faults.answer({ status: 403 });
    record('lost');
    record('kept');
    await eventually(() => expect(events()).toMatchObject([{ message: 'kept' }]));
  });

  it('sends what is waiting when it is closed, and hangs on nothing', async () => {
    record('last');
    await recorder.close();
    expect(events()).toHaveLength(1);
    record('too late');
    const stuck = createEventRecorder(client, { component: 'x', log });
    api.faults.delayMs = 60_000;
    stuck.record({ regarding: DEPLOYMENT, type: 'Warning', reason: 'X', message: 'x' });
    const startedMs = performance.now();
    await stuck.close();
    expect(performance.now() - startedMs).toBeLessThan(8000);
    expect(events()).toHaveLength(1);
  });
});
