import type { KubeObject } from '#lib/resources';
import { type ClusterView, createClusterView } from '../core/cluster-view.ts';

/** Keeps values up to date that are computed from the cluster's state. */
export interface Reactor {
  /** The cluster as it is now, for questions that are asked once. */
  readonly view: ClusterView;
  /**
   * Computes a value and keeps it: again whenever one of the keys that the computation asked for has another
   * answer. The first computation happens at once, and what it throws is thrown on.
   */
  derive<T>(options: DeriveOptions<T>): Derived<T>;
  /** Says that these keys have other answers now. Values are recomputed later, all changes of a turn at once. */
  touch(keys: Iterable<string>): void;
  close(): void;
}

export interface DeriveOptions<T> {
  /** Gets the value of the last time. What it throws then keeps that value. */
  readonly compute: (view: ClusterView, previous: T | undefined) => T;
  /** Keys of other derived values that this one is computed from. */
  readonly also?: readonly string[];
  readonly onChange: (value: T, previous: T) => void;
  readonly onError: (error: unknown) => void;
}

export interface Derived<T> {
  readonly value: T;
  stop(): void;
}

interface Node {
  recompute(): void;
}

export interface ReactorOptions {
  readonly lookup: (key: string) => Iterable<KubeObject>;
  /** Runs a function soon; returns what takes it back. */
  readonly defer?: (run: () => void) => () => void;
}

export function createReactor({ lookup, defer = deferToNextTurn }: ReactorOptions): Reactor {
  const dependents = new Map<string, Set<Node>>();
  const dirty = new Set<Node>();
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel = undefined;
    // A recomputation may touch the keys of further ones; a Set's iteration also meets what is added on the way.
    for (const node of dirty) {
      dirty.delete(node);
      node.recompute();
    }
  }

  function touch(keys: Iterable<string>): void {
    for (const key of keys) for (const node of dependents.get(key) ?? []) dirty.add(node);
    if (dirty.size > 0) cancel ??= defer(flush);
  }

  function connect(node: Node, keys: Iterable<string>): void {
    for (const key of keys) {
      const nodes = dependents.get(key);
      if (nodes === undefined) dependents.set(key, new Set([node]));
      else nodes.add(node);
    }
  }

  function disconnect(node: Node, keys: Iterable<string>): void {
    for (const key of keys) {
      const nodes = dependents.get(key);
      nodes?.delete(node);
      if (nodes?.size === 0) dependents.delete(key);
    }
  }

  /** The value and the keys that were asked for, also those of a computation that failed. */
  function track<T>({ compute, also = [] }: DeriveOptions<T>, previous: T | undefined, keys: Set<string>): T {
    for (const key of also) keys.add(key);
    const view = createClusterView((key) => {
      keys.add(key);
      return lookup(key);
    });
    return compute(view, previous);
  }

  return {
    view: createClusterView(lookup),
    derive<T>(options: DeriveOptions<T>): Derived<T> {
      let keys = new Set<string>();
      let value = track(options, undefined, keys);
      const node: Node = {
        recompute() {
          const asked = new Set<string>();
          const previous = value;
          try {
            value = track(options, previous, asked);
          } catch (error) {
            options.onError(error);
          }
          connect(node, asked);
          disconnect(
            node,
            [...keys].filter((key) => !asked.has(key)),
          );
          keys = asked;
          if (value !== previous) options.onChange(value, previous);
        },
      };
      connect(node, keys);
      return {
        get value() {
          return value;
        },
        stop() {
          disconnect(node, keys);
          dirty.delete(node);
        },
      };
    },
    touch,
    close() {
      cancel?.();
      dirty.clear();
      dependents.clear();
    },
  };
}

function deferToNextTurn(run: () => void): () => void {
  const immediate = setImmediate(run);
  return () => clearImmediate(immediate);
}
