import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CONFIG_MAPS,
  type KubeObject,
  NAMESPACES,
  NODES,
  type Node,
  SERVERS,
  type Server,
} from '#lib/resources';
import { createLogger, Registry } from '#lib/telemetry';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createKubernetesClient } from '../kubernetes/http-client.ts';
import { buildConfigMap, describeSource } from '../source.case.ts';
import type { ClusterSource, Store } from '../source.ts';
import { type FakeApiServer, startFakeApiServer } from '../testing/api-server.ts';
import { createKubernetesSource, type KubernetesSourceOptions } from './source.ts';

const silent = createLogger({ target: 'test', level: 'off' });
const NEVER_MS = 600_000;
const QUICK = {
  relistMs: NEVER_MS,
  settleMs: 30,
  silentMs: NEVER_MS,
  absentMs: 30,
  goodMs: 200,
  backoff: { minMs: 5, maxMs: 100, jitter: 0.5 },
};

function createClient(api: FakeApiServer): KubernetesClient {
  return createKubernetesClient(api.connection, { log: silent, userAgent: 'test/1', qps: 0 });
}

describeSource('createKubernetesSource', async () => {
  const api = await startFakeApiServer();
  const client = createClient(api);
  const source = createKubernetesSource({ client, log: silent, timing: QUICK });
  const plurals: Readonly<Record<string, typeof CONFIG_MAPS>> = { ConfigMap: CONFIG_MAPS };
  return {
    source,
    put: async (object) => api.put(object),
    delete: async ({ kind, metadata }) =>
      api.remove(plurals[kind] ?? CONFIG_MAPS, metadata.namespace ?? '', metadata.name),
    close: async () => {
      await source.close();
      client.close();
      await api.close();
    },
  };
});

function buildServer(name: string): Server {
  const spec = { podSelector: {}, port: 80 };
  return {
    apiVersion: 'policy.linkerd.io/v1beta3',
    kind: 'Server',
    metadata: { name, namespace: 'shop' },
    spec,
  };
}

describe('createKubernetesSource', () => {
  let api: FakeApiServer;
  let client: KubernetesClient;
  let source: ClusterSource;
  let registry: Registry;
  let lines: string[];
  let store: Store<KubeObject>;
  let changes: string[];
  const log = createLogger({ target: 'test', write: (line) => lines.push(line) });
  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 5 });

  /** Opens a source on ConfigMaps; `changes` gets `added a`, `modified a`, … */
  function open({ timing, ...options }: Partial<KubernetesSourceOptions> = {}): ClusterSource {
    source = createKubernetesSource({ client, log, registry, timing: { ...QUICK, ...timing }, ...options });
    store = source.store<KubeObject>(CONFIG_MAPS);
    store.subscribe(({ type, object }) => changes.push(`${type} ${object.metadata.name}`));
    return source;
  }
  const readValue = (name: string) =>
    (store.get('shop', name) as { data?: Record<string, string> } | undefined)?.data?.['value'];
  const isWatching = () => eventually(() => expect(api.watches.count).toBe(1));
  const countOf = (metric: string) => {
    const line = registry
      .render()
      .split('\n')
      .find((text) => text.startsWith(metric));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  const restartsBy = (reason: string) =>
    countOf(`informer_watch_restarts_total{resource="configmaps",reason="${reason}"}`);

  beforeEach(async () => {
    api = await startFakeApiServer();
    client = createClient(api);
    registry = new Registry();
    lines = [];
    changes = [];
  });
  afterEach(async () => {
    await source.close();
    client.close();
    await api.close();
  });

  it('reads long lists page by page', async () => {
    for (let index = 0; index < 1201; index++) api.put(buildConfigMap(`c${index}`, 'x'));
    await open().start();
    expect(store.list()).toHaveLength(1201);
    expect(api.requests.filter(({ query }) => query['limit'] === '500')).toHaveLength(3);
  });

  it('keeps to one namespace where it is told to', async () => {
    api.put(buildConfigMap('a', '1'), buildConfigMap('b', '1', 'other'));
    await open({ namespace: 'other' }).start();
    expect(store.list().map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  it('leaves out what nobody reads', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' };
    api.put({ ...buildConfigMap('a', '1'), metadata: { name: 'a', namespace: 'shop', annotations } });
    open({ metadataOnlyKinds: [NODES] });
    const nodes = source.store(NODES);
    const buildNode = (zone: string) =>
      ({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n', labels: { zone } },
        status: { images: [] },
      }) as Node;
    api.put(buildNode('east'));
    await source.start();
    expect(store.get('shop', 'a')?.metadata).not.toHaveProperty('managedFields');
    expect(store.get('shop', 'a')?.metadata.annotations).toEqual({ kept: 'yes' });
    expect(nodes.get('', 'n')).toMatchObject({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { labels: { zone: 'east' } },
    });
    expect(nodes.get('', 'n')).not.toHaveProperty('status');
    api.put(buildNode('west'));
    await eventually(() => expect(nodes.get('', 'n')?.metadata.labels).toEqual({ zone: 'west' }));
    expect(nodes.get('', 'n')).not.toHaveProperty('status');
  });

  it('goes on where it was after the server has restarted, and tells what happened meanwhile once', async () => {
    api.put(buildConfigMap('a', '1'), buildConfigMap('b', '1'));
    await open().start();
    await isWatching();
    await api.stop();
    api.put(buildConfigMap('a', '2'), buildConfigMap('c', '1'));
    api.remove(CONFIG_MAPS, 'shop', 'b');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(readValue('a')).toBe('1');
    await api.restart();
    await eventually(() =>
      expect(changes).toEqual(['added a', 'added b', 'modified a', 'added c', 'deleted b']),
    );
    expect(restartsBy('disconnected')).toBeGreaterThan(0);
    expect(countOf('informer_lists_total{resource="configmaps"}')).toBe(1);
    expect(lines.filter((line) => line.includes('cannot watch configmaps'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('watching again'))).toHaveLength(1);
  });

  it.each(['in the stream', 'as a status', 'at the resume'])(
    'lists again when its version is forgotten, told %s, and tells only of real changes',
    async (how) => {
      api.put(buildConfigMap('a', '1'), buildConfigMap('b', '1'), buildConfigMap('c', '1'));
      await open().start();
      await isWatching();
      changes = [];
      api.dropEvents(true);
      api.put(buildConfigMap('a', '2'), buildConfigMap('d', '1'));
      api.remove(CONFIG_MAPS, 'shop', 'b');
      api.dropEvents(false);
      if (how === 'as a status')
        api.faults.answer({ status: 410, when: ({ query }) => query['watch'] === 'true' });
      if (how === 'at the resume') api.compact();
      if (how === 'in the stream') api.watches.expire();
      else api.watches.cut();
      await eventually(() => expect([...changes].sort()).toEqual(['added d', 'deleted b', 'modified a']));
      expect(restartsBy('expired')).toBe(1);
      await isWatching();
      api.put(buildConfigMap('e', '1'));
      await eventually(() => expect(changes).toContain('added e'));
    },
  );

  it('does not list in a hurry while every watch is refused as expired', async () => {
    await open().start();
    api.faults.answer({ status: 410, times: 1000, when: ({ query }) => query['watch'] === 'true' });
    api.watches.cut();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(api.requests.length).toBeLessThan(60);
  });

  it('heals what the watch dropped at the next periodic list, and counts it', async () => {
    for (const name of ['a', 'b', 'c']) api.put(buildConfigMap(name, '1'));
    await open({ relistMs: 300 }).start();
    await isWatching();
    changes = [];
    api.dropEvents(true);
    api.put(buildConfigMap('a', '2'), buildConfigMap('d', '1'));
    api.remove(CONFIG_MAPS, 'shop', 'b');
    api.dropEvents(false);
    await eventually(() => expect([...changes].sort()).toEqual(['added d', 'deleted b', 'modified a']));
    for (const change of ['added', 'modified', 'deleted']) {
      expect(countOf(`informer_relist_corrections_total{resource="configmaps",change="${change}"}`)).toBe(1);
    }
    expect(restartsBy('ended') + restartsBy('disconnected')).toBe(0);
    await eventually(() => expect(countOf('informer_lists_total')).toBeGreaterThan(3));
    expect(changes).toHaveLength(3);
  });

  it('corrects nothing while all is well, however much changes', async () => {
    await open({ relistMs: 30, timing: { settleMs: 200 } }).start();
    for (let index = 0; index < 100; index++) {
      api.put(buildConfigMap(`c${index % 10}`, String(index)));
      if (index % 3 === 0) api.remove(CONFIG_MAPS, 'shop', `c${index % 10}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await eventually(() => expect(countOf('informer_lists_total')).toBeGreaterThan(3));
    expect(registry.render()).not.toContain('informer_relist_corrections_total');
  });

  it('cuts a watch that has gone silent, and keeps one that sends bookmarks', async () => {
    await open({ timing: { silentMs: 400 } }).start();
    await isWatching();
    for (let round = 0; round < 10; round++) {
      api.watches.sendBookmarks();
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(restartsBy('silent')).toBe(0);
    api.watches.isDead = true;
    api.put(buildConfigMap('a', '1'));
    await eventually(() => expect(restartsBy('silent')).toBeGreaterThan(0));
    api.watches.isDead = false;
    await eventually(() => expect(readValue('a')).toBe('1'));
  });

  it('resumes from a bookmark', async () => {
    await open().start();
    await isWatching();
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } });
    api.watches.sendBookmarks();
    await eventually(() => expect(countOf('informer_last_event_age_seconds')).toBeLessThan(1));
    api.compact();
    api.watches.sendBookmarks();
    await new Promise((resolve) => setTimeout(resolve, 100));
    api.watches.end();
    await isWatching();
    await eventually(() => expect(api.requests.filter(({ query }) => query['watch'])).toHaveLength(2));
    expect(restartsBy('expired')).toBe(0);
    expect(countOf('informer_lists_total')).toBe(1);
  });

  it.each([
    [
      'a connection that breaks in the middle of a line',
      () => api.watches.cut({ midLine: true }),
      'disconnected',
    ],
    ['a line that is no JSON', () => api.watches.sendLine('<html>'), 'unreadable'],
    ['an event without an object', () => api.watches.sendLine('{"type":"ADDED"}'), 'unreadable'],
    ['an unknown event', () => api.watches.sendLine('{"type":"MOVED","object":{}}'), 'unreadable'],
  ])('survives %s', async (_what, harm, reason) => {
    await open().start();
    await isWatching();
    harm();
    api.put(buildConfigMap('a', '1'));
    await eventually(() => expect(readValue('a')).toBe('1'));
    await eventually(() => expect(restartsBy(reason)).toBe(1));
    expect(countOf('informer_lists_total')).toBe(1);
  });

  it('waits for a slow or overloaded server', async () => {
    api.put(buildConfigMap('a', '1'));
    api.faults.delayMs = 300;
    api.faults.answer({ status: 429, retryAfterSeconds: 1 });
    api.faults.answer({ status: 500 });
    await open().start();
    expect(readValue('a')).toBe('1');
    expect(countOf('informer_lists_total')).toBe(1);
  });

  it('starts as soon as the server is there', async () => {
    api.put(buildConfigMap('a', '1'));
    await api.stop();
    const starting = open().start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(store.synced).toBe(false);
    await api.restart();
    await starting;
    expect(readValue('a')).toBe('1');
  });

  it('ends a start that cannot come to its end when it is closed', async () => {
    await api.stop();
    const starting = open().start();
    const failed = expect(starting).rejects.toThrow('The cluster was not read to its end');
    await source.close();
    await failed;
  });

  it('takes a kind that may be absent as empty, and picks it up when it comes', async () => {
    open({ optionalKinds: [SERVERS] });
    const servers = source.store(SERVERS);
    await source.start();
    expect(servers.synced).toBe(true);
    expect(servers.list()).toEqual([]);
    expect(lines.filter((line) => line.includes('does not serve a kind'))).toHaveLength(1);
    api.serve(SERVERS);
    api.put(buildServer('s'));
    await eventually(() => expect(servers.get('shop', 's')).toBeDefined());
    api.put(buildServer('t'));
    await eventually(() => expect(servers.get('shop', 't')).toBeDefined());
    api.withdraw(SERVERS);
    await eventually(() => expect(servers.list()).toEqual([]));
  });

  it('keeps looking for a kind that must be there, and names it once', async () => {
    open();
    const servers = source.store(SERVERS);
    const starting = source.start();
    await eventually(() => expect(api.requests.length).toBeGreaterThan(5));
    expect(servers.synced).toBe(false);
    const told = lines.filter((line) => line.includes('does not serve servers.policy.linkerd.io (v1beta3)'));
    expect(told).toHaveLength(1);
    api.serve(SERVERS);
    await starting;
  });

  it('says what RBAC lacks, also of a kind that may be absent, and waits for it', async () => {
    api.forbid(CONFIG_MAPS);
    const starting = open({ optionalKinds: [CONFIG_MAPS] }).start();
    await eventually(() =>
      expect(lines.join('')).toContain('RBAC lacks the verbs list and watch for configmaps'),
    );
    expect(store.synced).toBe(false);
    api.allow(CONFIG_MAPS);
    await starting;
    expect(lines.filter((line) => line.includes('RBAC lacks'))).toHaveLength(1);
  });

  it('goes on for the others when a listener throws', async () => {
    await open().start();
    store.subscribe(() => {
      throw new Error('listener broke');
    });
    api.put(buildConfigMap('a', '1'), buildConfigMap('b', '1'));
    await eventually(() => expect(changes).toEqual(['added a', 'added b']));
    expect(lines.join('')).toContain('listener broke');
  });

  it('shows how far behind it is', async () => {
    await open().start();
    api.put(buildConfigMap('a', '1'));
    await eventually(() => expect(readValue('a')).toBe('1'));
    const text = registry.render();
    expect(text).toContain('configmaps_informer_lag_seconds_count 1');
    expect(text).toContain('informer_objects{resource="configmaps"} 1');
    expect(text).toContain('informer_synced{resource="configmaps"} 1');
  });

  it('watches objects of the cluster also where it keeps to a namespace', async () => {
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    open({ namespace: 'shop' });
    const namespaces = source.store(NAMESPACES);
    await source.start();
    expect(namespaces.get('', 'shop')).toBeDefined();
  });
});
