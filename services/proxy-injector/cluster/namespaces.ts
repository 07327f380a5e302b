import type { KubernetesClient, Store } from '#lib/cluster';
import { NAMESPACES, type Namespace } from '#lib/resources';
import { refuseNamespace } from '../core/refusal.ts';
import { ANSWER_MS, answerWithin } from './answer-within.ts';

export interface NamespaceLookup {
  /** As it is watched. */
  find(name: string): Namespace | undefined;
  /** Asks the API server, for one that is too new to have been seen. Rejects where there is none. */
  fetch(name: string): Promise<Namespace>;
}

export function createNamespaceLookup(
  store: Pick<Store<Namespace>, 'get'>,
  client: Pick<KubernetesClient, 'get'>,
): NamespaceLookup {
  return {
    find: (name) => store.get('', name),
    async fetch(name) {
      const found = name === '' ? undefined : await answerWithin(client.get(NAMESPACES, { name }), ANSWER_MS);
      if (found === undefined) throw refuseNamespace(name);
      return found;
    },
  };
}
