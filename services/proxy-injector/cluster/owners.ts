import { describeError } from '#lib/base';
import type { KubernetesClient } from '#lib/cluster';
import { type KubeObject, type OwnerReference, REPLICA_SETS, type ResourceKind } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import { ANSWER_MS, answerWithin } from './answer-within.ts';

export interface OwnerCache {
  /** The owners of a ReplicaSet or Job, none where it is gone; undefined where the API server does not tell. Never rejects. */
  lookUp(namespace: string, reference: OwnerReference): Promise<readonly OwnerReference[] | undefined>;
}

export interface OwnerCacheOptions {
  readonly client: Pick<KubernetesClient, 'get'>;
  readonly log: Logger;
  /** @default 4096 */
  readonly capacity?: number;
  /** @default ANSWER_MS */
  readonly timeoutMs?: number;
}

const JOBS: ResourceKind<KubeObject> = {
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
};

const KINDS: Readonly<Record<string, ResourceKind<KubeObject>>> = { ReplicaSet: REPLICA_SETS, Job: JOBS };

/**
 * Asks once for each ReplicaSet and Job, whose owner never changes, and remembers the newest; all pods of one
 * share the question. A watch would hold every ReplicaSet of the cluster in memory for the same.
 */
export function createOwnerCache(options: OwnerCacheOptions): OwnerCache {
  const { client, log, capacity = 4096, timeoutMs = ANSWER_MS } = options;
  const known = new Map<string, Promise<readonly OwnerReference[] | undefined>>();
  const ask = async (kind: ResourceKind<KubeObject>, namespace: string, name: string) => {
    const object = await answerWithin(client.get(kind, { namespace, name }), timeoutMs);
    // What is gone does not come back under its uid.
    return object?.metadata.ownerReferences ?? [];
  };
  return {
    lookUp(namespace, { kind, name, uid }) {
      const resource = KINDS[kind];
      if (resource === undefined) return Promise.resolve(undefined);
      const key = `${kind}/${namespace}/${name}/${uid}`;
      const remembered = known.get(key);
      if (remembered !== undefined) return remembered;
      const answer = ask(resource, namespace, name).catch((error: unknown) => {
        log.warn('owner not found, the pod counts as its own', {
          kind,
          namespace,
          name,
          error: describeError(error),
        });
        return undefined;
      });
      known.set(key, answer);
      if (known.size > capacity) known.delete(known.keys().next().value ?? '');
      // What could not be learned is asked again.
      void answer.then((owners) => owners ?? known.delete(key));
      return answer;
    },
  };
}
