import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs, type Random } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { KubernetesClient, ObjectName } from '../kubernetes/client.ts';
import { collectionPath } from '../kubernetes/resource-path.ts';

export interface ObjectWatchOptions {
  readonly client: Pick<KubernetesClient, 'openLines'>;
  readonly kind: ResourceKind<KubeObject>;
  readonly name: ObjectName;
  readonly random: Random;
  /** Something may have changed. */
  readonly onChange: () => void;
}

const BACKOFF = { minMs: 500, maxMs: 30_000, jitter: 0.3 };
const WATCH_SECONDS = 300;

/**
 * Calls `onChange` when one object changes, and whenever the watch begins anew. A watch of one name needs no more
 * rights than a `get` of it. What is said is not read: the listener looks for itself, and on a timer too.
 */
export function watchObject(options: ObjectWatchOptions): () => void {
  const ending = new AbortController();
  void follow(options, ending.signal);
  return () => ending.abort();
}

async function follow({ client, kind, name, random, onChange }: ObjectWatchOptions, signal: AbortSignal) {
  const query = { watch: true, fieldSelector: `metadata.name=${name.name}`, timeoutSeconds: WATCH_SECONDS };
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const lines = await client.openLines({
        path: collectionPath(kind, name.namespace),
        query,
        signal,
        silentMs: (WATCH_SECONDS + 30) * 1000,
      });
      onChange();
      for await (const _line of lines) {
        attempt = 0;
        onChange();
      }
    } catch {
      // Told by whoever reads the object; here it only is slower.
    }
    await sleep(backoffDelayMs(BACKOFF, attempt, random), undefined, { signal }).catch(() => undefined);
  }
}
