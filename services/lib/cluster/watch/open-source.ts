import type { ConnectionOptions } from '../connection/connection.ts';
import { loadKubernetesConnection } from '../connection/connection.ts';
import { createKubernetesClient, type KubernetesClientOptions } from '../kubernetes/http-client.ts';
import type { ClusterSource } from '../source.ts';
import { createKubernetesSource, type KubernetesSourceOptions } from './source.ts';

export type OpenSourceOptions = ConnectionOptions &
  Omit<KubernetesClientOptions, 'log'> &
  Omit<KubernetesSourceOptions, 'client'>;

/**
 * A source on the API server that the options name, with a client of its own that ends with it. Rejects with a
 * MeshError where no connection is described; whether somebody answers there is `start`'s to find out.
 */
export async function openKubernetesSource(options: OpenSourceOptions): Promise<ClusterSource> {
  const client = createKubernetesClient(await loadKubernetesConnection(options), options);
  const source = createKubernetesSource({ ...options, client });
  return {
    ...source,
    async close() {
      await source.close();
      client.close();
    },
  };
}
