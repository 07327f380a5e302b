import { hostname } from 'node:os';
import type { Random } from '#lib/base';
import {
  type ClusterSource,
  createEventRecorder,
  createKubernetesClient,
  createKubernetesSource,
  type KubernetesClient,
  loadKubernetesConnection,
} from '#lib/cluster';
import type { Environment } from '#lib/config';
import { NAMESPACES } from '#lib/resources';
import type { Logger, Registry } from '#lib/telemetry';
import type { ProxyInjectorConfig } from '../config.ts';
import { PROXY_INJECTOR_NAME } from '../contract.ts';
import { createEventSink, type EventSink } from './event-sink.ts';

/** How the injector sees its cluster. */
export interface ClusterParts {
  readonly client: KubernetesClient;
  /** Not started yet. */
  readonly source: ClusterSource;
  readonly recordEvent: EventSink;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly log: Logger;
  readonly registry: Registry;
  readonly random: Random;
  readonly env: Environment;
}

/** Finds the API server. Rejects with a MeshError that says where it was looked for. */
export async function connectCluster(
  { kubeconfig }: Pick<ProxyInjectorConfig, 'kubeconfig'>,
  { log, registry, random, env }: ConnectOptions,
): Promise<ClusterParts> {
  const connection = await loadKubernetesConnection({ env, ...(kubeconfig !== undefined && { kubeconfig }) });
  const client = createKubernetesClient(connection, { log, userAgent: PROXY_INJECTOR_NAME, random });
  const source = createKubernetesSource({
    client,
    log,
    registry,
    random,
    // What decides stands in the annotations.
    metadataOnlyKinds: [NAMESPACES],
  });
  const recorder = createEventRecorder(client, { component: PROXY_INJECTOR_NAME, host: hostname(), log });
  return {
    client,
    source,
    recordEvent: createEventSink(recorder),
    async close() {
      await recorder.close();
      await source.close();
      client.close();
    },
  };
}
