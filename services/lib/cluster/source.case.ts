import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CONFIG_MAPS,
  type ConfigMap,
  type KubeObject,
  NAMESPACES,
  SERVICES,
  type Service,
} from '#lib/resources';
import type { ClusterSource, StoreChange } from './source.ts';

/** A source under test and the hand that changes what it reads. */
export interface SourceFixture {
  readonly source: ClusterSource;
  put(object: KubeObject): Promise<void>;
  delete(object: KubeObject): Promise<void>;
  close(): Promise<void>;
}

export function buildConfigMap(name: string, value: string, namespace = 'shop'): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { value } };
}

function buildService(name: string): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec: {} };
}

/** What every ClusterSource promises; run by the test of each. */
export function describeSource(name: string, open: () => Promise<SourceFixture>): void {
  describe(`${name} as a ClusterSource`, () => {
    let fixture: SourceFixture;
    let changes: StoreChange<ConfigMap>[];
    beforeEach(async () => {
      fixture = await open();
      changes = [];
      fixture.source.store(SERVICES);
      fixture.source.store(CONFIG_MAPS).subscribe((change) => changes.push(change));
    });
    afterEach(() => fixture.close());
    const eventually = (check: () => void) => vi.waitFor(check, { timeout: 3000, interval: 5 });

    it('gives the same store at every call and refuses new kinds once started', async () => {
      expect(fixture.source.store(CONFIG_MAPS)).toBe(fixture.source.store(CONFIG_MAPS));
      await fixture.source.start();
      expect(fixture.source.store(CONFIG_MAPS).kind.kind).toBe('ConfigMap');
      expect(() => fixture.source.store(NAMESPACES)).toThrow('Namespace objects were asked for after');
    });

    it('is synced by start and holds what was there before', async () => {
      const store = fixture.source.store(CONFIG_MAPS);
      expect(store.synced).toBe(false);
      await fixture.put(buildConfigMap('a', '1'));
      await fixture.source.start();
      expect(store.synced).toBe(true);
      expect(store.get('shop', 'a')).toMatchObject(buildConfigMap('a', '1'));
      expect(store.get('other', 'a')).toBeUndefined();
    });

    it('tells of added, modified and deleted objects after the store holds them', async () => {
      await fixture.source.start();
      const store = fixture.source.store(CONFIG_MAPS);
      const seen: unknown[] = [];
      store.subscribe(({ object }) => seen.push(store.get('shop', object.metadata.name)?.data?.['value']));
      await fixture.put(buildConfigMap('a', '1'));
      await eventually(() => expect(changes).toHaveLength(1));
      await fixture.put(buildConfigMap('a', '2'));
      await eventually(() => expect(changes).toHaveLength(2));
      await fixture.delete(buildConfigMap('a', '2'));
      await eventually(() => expect(changes).toHaveLength(3));
      // An API adds metadata of its own.
      expect(changes).toMatchObject([
        { type: 'added', object: buildConfigMap('a', '1') },
        { type: 'modified', object: buildConfigMap('a', '2'), previous: buildConfigMap('a', '1') },
        { type: 'deleted', object: buildConfigMap('a', '2') },
      ]);
      expect(seen).toEqual(['1', '2', undefined]);
    });

    it('is silent about equal objects and about other kinds', async () => {
      await fixture.source.start();
      await fixture.put(buildConfigMap('a', '1'));
      await eventually(() => expect(changes).toHaveLength(1));
      await fixture.put(buildConfigMap('a', '1'));
      await fixture.put(buildService('a'));
      await fixture.put(buildConfigMap('b', '1'));
      await eventually(() => expect(changes).toHaveLength(2));
      expect(changes.map((change) => change.object.metadata.name)).toEqual(['a', 'b']);
      expect(fixture.source.store(SERVICES).get('shop', 'a')).toMatchObject(buildService('a'));
    });

    it('lists all objects or those of one namespace', async () => {
      await fixture.put(buildConfigMap('a', '1'));
      await fixture.put(buildConfigMap('b', '1', 'other'));
      await fixture.source.start();
      const names = (namespace?: string) =>
        fixture.source
          .store(CONFIG_MAPS)
          .list(namespace)
          .map((object) => object.metadata.name)
          .sort();
      expect(names()).toEqual(['a', 'b']);
      expect(names('other')).toEqual(['b']);
      expect(names('none')).toEqual([]);
    });

    it('ends a subscription', async () => {
      await fixture.source.start();
      const store = fixture.source.store(CONFIG_MAPS);
      let count = 0;
      const end = store.subscribe(() => {
        count += 1;
      });
      await fixture.put(buildConfigMap('a', '1'));
      await eventually(() => expect(count).toBe(1));
      end();
      await fixture.put(buildConfigMap('b', '1'));
      await eventually(() => expect(changes).toHaveLength(2));
      expect(count).toBe(1);
    });
  });
}
