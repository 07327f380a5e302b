import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, systemClock } from '#lib/base';
import { CONFIG_MAPS, type ConfigMap, SERVERS } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { buildConfigMap } from '../source.case.ts';
import { type FakeApiServer, startFakeApiServer } from '../testing/api-server.ts';
import type { KubernetesClient } from './client.ts';
import { KubernetesError } from './error.ts';
import { createKubernetesClient } from './http-client.ts';
import { createRateLimit } from './rate-limit.ts';

const log = createLogger({ target: 'test', level: 'off' });
const NAME = { namespace: 'shop', name: 'a' };

describe('createKubernetesClient', () => {
  let api: FakeApiServer;
  let client: KubernetesClient;
  beforeEach(async () => {
    api = await startFakeApiServer();
    client = createKubernetesClient(api.connection, { log, userAgent: 'test/1', random: seededRandom(1) });
  });
  afterEach(async () => {
    client.close();
    await api.close();
  });
  const fail = async (call: Promise<unknown>): Promise<KubernetesError> => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof KubernetesError) return error;
    throw new Error(`it did not fail as it should: ${String(error)}`);
  };
  const countRequests = () => api.requests.length;

  it('creates, reads, replaces and deletes objects', async () => {
    expect(await client.get(CONFIG_MAPS, NAME)).toBeUndefined();
    await client.create(CONFIG_MAPS, buildConfigMap('a', '1'));
    const found = await client.get(CONFIG_MAPS, NAME);
    expect(found).toMatchObject({ data: { value: '1' } });
    await client.update(CONFIG_MAPS, { ...(found as ConfigMap), data: { value: '2' } });
    expect(await client.get(CONFIG_MAPS, NAME)).toMatchObject({ data: { value: '2' } });
    await client.delete(CONFIG_MAPS, NAME);
    await client.delete(CONFIG_MAPS, NAME);
    expect(await client.get(CONFIG_MAPS, NAME)).toBeUndefined();
    expect(api.requests[0]?.headers).toMatchObject({ 'user-agent': 'test/1', accept: 'application/json' });
  });

  it('refuses a replacement of an object that has changed meanwhile', async () => {
    const old = await client.create(CONFIG_MAPS, buildConfigMap('a', '1'));
    api.put(buildConfigMap('a', '2'));
    const error = await fail(client.update(CONFIG_MAPS, { ...old, data: { value: '3' } }));
    expect(error).toMatchObject({ status: 409, reason: 'Conflict', code: 'LINKERD_KUBERNETES_REFUSED' });
    expect(error.message).toContain(
      `PUT ${api.url}/api/v1/namespaces/shop/configmaps/a: 409: Operation cannot`,
    );
  });

  it('applies the fields of its manager, creating the object where there is none', async () => {
    const apply = (data: Record<string, string>) =>
      client.apply(CONFIG_MAPS, { ...buildConfigMap('a', ''), data } as ConfigMap, {
        fieldManager: 'test',
        force: true,
      });
    await apply({ one: '1' });
    await apply({ two: '2' });
    expect(await client.get(CONFIG_MAPS, NAME)).toMatchObject({ data: { one: '1', two: '2' } });
    expect(api.requests[0]).toMatchObject({
      method: 'PATCH',
      query: { fieldManager: 'test', force: 'true' },
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
  });

  it('lists page by page, in all namespaces or one, by labels', async () => {
    for (let index = 0; index < 1100; index++) api.put(buildConfigMap(`c${index}`, String(index)));
    api.put({
      ...buildConfigMap('d', '1', 'other'),
      metadata: { name: 'd', namespace: 'other', labels: { app: 'd' } },
    });
    const all = await client.list(CONFIG_MAPS);
    expect(new Set(all.map(({ metadata }) => metadata.name)).size).toBe(1101);
    expect(countRequests()).toBe(3);
    expect(all[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(await client.list(CONFIG_MAPS, { namespace: 'other' })).toHaveLength(1);
    expect(await client.list(CONFIG_MAPS, { labelSelector: 'app=d' })).toHaveLength(1);
  });

  it('begins a list anew whose next page has expired', async () => {
    for (let index = 0; index < 600; index++) api.put(buildConfigMap(`c${index}`, String(index)));
    api.faults.answer({ status: 410, when: ({ query }) => query['continue'] !== undefined });
    expect(await client.list(CONFIG_MAPS)).toHaveLength(600);
    expect(countRequests()).toBe(4);
  });

  it('waits as long as a full server asks, also with a request that may go only once', async () => {
    api.faults.answer({ status: 429, retryAfterSeconds: 1 });
    const startedMs = performance.now();
    await client.create(CONFIG_MAPS, buildConfigMap('a', '1'));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
    expect(countRequests()).toBe(2);
  });

  it('asks again after a failure of the server or the connection, where that does no harm', async () => {
    api.faults.answer({ status: 500 });
    api.faults.answer({ status: 0, isCut: true });
    expect(await client.list(CONFIG_MAPS)).toEqual([]);
    expect(countRequests()).toBe(3);
    api.faults.answer({ status: 500 });
    expect(await fail(client.create(CONFIG_MAPS, buildConfigMap('a', '1')))).toMatchObject({ status: 500 });
    expect(countRequests()).toBe(4);
  });

  it('gives up after some tries', async () => {
    api.faults.answer({ status: 503, times: 100 });
    const error = await fail(client.request({ method: 'GET', path: '/api/v1/pods', timeoutMs: 1500 }));
    expect(error).toMatchObject({ status: 503 });
    expect(countRequests()).toBeGreaterThan(1);
    expect(countRequests()).toBeLessThan(8);
  });

  it('survives a restart of the server', async () => {
    await client.create(CONFIG_MAPS, buildConfigMap('a', '1'));
    await api.stop();
    const asked = client.get(CONFIG_MAPS, NAME);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await api.restart();
    expect(await asked).toMatchObject({ data: { value: '1' } });
  });

  it('ends a call that takes too long', async () => {
    api.faults.delayMs = 60_000;
    const call = client.request({ method: 'GET', path: '/api/v1/pods', timeoutMs: 200 });
    const error = await fail(call);
    expect(error).toMatchObject({ status: 0, code: 'LINKERD_KUBERNETES_UNREACHABLE' });
    expect(error.message).toBe(`GET ${api.url}/api/v1/pods: no answer within 0.2 s`);
  });

  it.each([
    ['<html>welcome</html>', 'the answer is no JSON but "<html>welcome</html>" (text/plain)'],
    ['', 'the answer is no JSON but empty'],
    ['{"kind":', 'the answer is no JSON but "{\\"kind\\":"'],
  ])('says what a server that is no API server answered: %j', async (body, sentence) => {
    api.faults.answer({ status: 200, body });
    const error = await fail(client.list(CONFIG_MAPS));
    expect(error.code).toBe('LINKERD_KUBERNETES_UNREADABLE');
    expect(error.message).toContain(sentence);
  });

  it('tells a kind that is not served and one that we may not see apart', async () => {
    expect(await fail(client.list(SERVERS))).toMatchObject({ status: 404, reason: '' });
    api.forbid(CONFIG_MAPS);
    expect(await fail(client.list(CONFIG_MAPS))).toMatchObject({ status: 403, reason: 'Forbidden' });
  });

  it('reads its credentials anew when they are refused', async () => {
    api.token = 'new';
    let token = 'old';
    const connection = {
      server: api.url,
      credentials: async () => ({ authorization: `Bearer ${token}`, tls: {} }),
      invalidate: () => {
        token = 'new';
      },
    };
    const other = createKubernetesClient(connection, { log, userAgent: 'test/1' });
    expect(await other.list(CONFIG_MAPS)).toEqual([]);
    expect(countRequests()).toBe(2);
    other.close();
  });

  it('keeps to its rate', async () => {
    const slow = createKubernetesClient(api.connection, { log, userAgent: 'test/1', qps: 10, burst: 1 });
    const startedMs = performance.now();
    await Promise.all([1, 2, 3, 4].map(() => slow.list(CONFIG_MAPS)));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(290);
    slow.close();
  });

  it('ends what is under way when it is closed, and refuses what comes after', async () => {
    api.faults.delayMs = 60_000;
    const asked = fail(client.list(CONFIG_MAPS));
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.close();
    expect((await asked).message).toContain('the call was ended');
    expect((await fail(client.list(CONFIG_MAPS))).message).toContain('the call was ended');
  });
});

describe('createRateLimit', () => {
  it('lets a burst pass, then so many a second, and refuses a wait that is too long', () => {
    let nowMs = 0;
    const clock = { ...systemClock, monotonic: () => nowMs };
    const limit = createRateLimit({ qps: 10, burst: 2, clock });
    expect([1, 2, 3, 4].map(() => limit.reserve(1000))).toEqual([0, 0, 100, 200]);
    expect(limit.reserve(250)).toBeUndefined();
    nowMs = 1000;
    expect([1, 2, 3].map(() => limit.reserve(1000))).toEqual([0, 0, 100]);
  });

  it('sets no limit at a rate of 0', () => {
    const limit = createRateLimit({ qps: 0, burst: 0, clock: systemClock });
    expect([1, 2, 3].map(() => limit.reserve(0))).toEqual([0, 0, 0]);
  });
});
