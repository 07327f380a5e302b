import { describe, expect, it } from 'vitest';
import type { KubeObject } from '#lib/resources';
import { createClusterIndex } from '../core/cluster-index.ts';
import { buildPod, buildService } from '../shop.fixture.ts';
import { createReactor } from './reactor.ts';

function open() {
  const index = createClusterIndex();
  let run: (() => void) | undefined;
  const reactor = createReactor({
    lookup: index.lookup,
    defer: (task) => {
      run = task;
      return () => {
        run = undefined;
      };
    },
  });
  const errors: unknown[] = [];
  return {
    reactor,
    errors,
    put: (next: KubeObject, previous?: KubeObject) => reactor.touch(index.replace(previous, next)),
    remove: (previous: KubeObject) => reactor.touch(index.replace(previous, undefined)),
    isWaiting: () => run !== undefined,
    flush() {
      const task = run;
      run = undefined;
      task?.();
    },
    derive<T>(compute: Parameters<typeof reactor.derive<T>>[0]['compute'], also: readonly string[] = []) {
      const changes: T[] = [];
      const derived = reactor.derive<T>({
        compute,
        also,
        onChange: (value) => changes.push(value),
        onError: (error) => errors.push(error),
      });
      return { derived, changes };
    },
  };
}

describe('createReactor', () => {
  it('recomputes what asked for a changed key, all changes of a turn at once', () => {
    const fixture = open();
    let runs = 0;
    const { derived, changes } = fixture.derive((view) => {
      runs += 1;
      return view.pod('shop', 'a')?.metadata.name ?? view.pod('shop', 'b')?.metadata.name;
    });
    expect(derived.value).toBeUndefined();
    const b = buildPod('b', '10.0.0.2');
    fixture.put(b);
    fixture.put(buildPod('c', '10.0.0.3'));
    fixture.put(buildPod('a', '10.0.0.1'));
    fixture.flush();
    expect([derived.value, changes, runs]).toEqual(['a', ['a'], 2]);
    // It no longer asks for b.
    fixture.remove(b);
    expect(fixture.isWaiting()).toBe(false);
  });

  it('lets a value follow another', () => {
    const fixture = open();
    const first = fixture.reactor.derive<number>({
      compute: (view) => view.podsByIp('10.0.0.1').length,
      onChange: () => fixture.reactor.touch(['first']),
      onError: () => {},
    });
    const { derived } = fixture.derive(() => first.value * 10, ['first']);
    fixture.put(buildPod('a', '10.0.0.1'));
    fixture.flush();
    expect(derived.value).toBe(10);
  });

  it('keeps the value when a recomputation fails, and goes on watching', () => {
    const fixture = open();
    const service = buildService('web');
    fixture.put(service);
    const { derived, changes } = fixture.derive((view) => {
      const found = view.service('shop', 'web');
      if (found === undefined) throw new Error('gone');
      return found;
    });
    fixture.remove(service);
    fixture.flush();
    expect(derived.value).toBe(service);
    expect(fixture.errors).toHaveLength(1);
    const again = buildService('web', { ports: [] });
    fixture.put(again);
    fixture.flush();
    expect(changes).toEqual([again]);
  });

  it('throws what the first computation throws', () => {
    const fixture = open();
    expect(() =>
      fixture.derive(() => {
        throw new Error('no answer');
      }),
    ).toThrow('no answer');
  });

  it('forgets what has stopped, also between a change and its turn', () => {
    const fixture = open();
    const { derived, changes } = fixture.derive((view) => view.pod('shop', 'a'));
    fixture.put(buildPod('a', '10.0.0.1'));
    derived.stop();
    fixture.flush();
    expect(changes).toEqual([]);
    fixture.put(buildPod('a', '10.0.0.2'));
    expect(fixture.isWaiting()).toBe(false);
  });
});
