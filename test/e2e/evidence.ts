import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '#lib/base';
import type { Pod } from '#lib/resources';
import { report } from '../support/waiting.ts';
import { type Cluster, takeCluster } from './cluster/cluster.ts';
import { createHelm } from './mesh/helm.ts';
import { CONTROL_PLANE } from './mesh/mesh.ts';

const OUR_NAMESPACES = /^(linkerd|e2e-.*)$/;
const METRICS_TIMEOUT_MS = 3000;

/**
 * Writes what a failure can be understood by into one folder: objects, events, the logs of every container of ours (also
 * of the one before a restart), the metrics of every proxy, the rendered chart. Gives back the folder's path; never throws.
 */
export async function collectEvidence(test: string): Promise<string> {
  const dir = join(
    tmpdir(),
    'linkerd-e2e',
    `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${slug(test)}`,
  );
  mkdirSync(dir, { recursive: true });
  const keep = async (file: string, read: () => Promise<string>) =>
    writeFileSync(join(dir, file), await read().catch(describeError));
  try {
    const cluster = await takeCluster();
    await keepObjects(cluster, keep);
    for (const pod of await listOurPods(cluster)) await keepPod(cluster, pod, keep);
    const helm = createHelm(cluster.lab, 'helm4');
    await keep('rendered.yaml', async () => (await helm('get', 'manifest', CONTROL_PLANE)).stdout);
  } catch (error) {
    await keep('collecting-failed.txt', async () => describeError(error));
  }
  report(`evidence of the failure: ${dir}`);
  return dir;
}

type Keep = (file: string, read: () => Promise<string>) => Promise<void>;

async function keepObjects({ kubectl }: Cluster, keep: Keep): Promise<void> {
  await keep('pods.txt', () => kubectl(['get', 'pods', '-A', '-o', 'wide']));
  await keep('events.txt', () => kubectl(['get', 'events', '-A', '--sort-by=.lastTimestamp']));
  const kinds = 'pods,services,deployments,replicasets,statefulsets,jobs,endpointslices,configmaps,secrets';
  await keep('objects.yaml', () => kubectl(['get', kinds, '-A', '-o', 'yaml']));
  await keep('webhooks.yaml', () =>
    kubectl(['get', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', '-o', 'yaml']),
  );
}

async function listOurPods({ kubectl }: Cluster): Promise<readonly Pod[]> {
  const { items } = JSON.parse(await kubectl(['get', 'pods', '-A', '-o', 'json'])) as { items: Pod[] };
  return items.filter(({ metadata }) => OUR_NAMESPACES.test(metadata.namespace ?? ''));
}

async function keepPod({ kubectl }: Cluster, { metadata, spec, status }: Pod, keep: Keep): Promise<void> {
  const { name, namespace = '' } = metadata;
  const prefix = `${namespace}_${name}`;
  await keep(`${prefix}.describe.txt`, () => kubectl(['describe', 'pod', name, '-n', namespace]));
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const args = ['logs', name, '-n', namespace, '-c', container.name, '--tail=2000'];
    await keep(`${prefix}_${container.name}.log`, () => kubectl(args));
    await keep(`${prefix}_${container.name}.previous.log`, () => kubectl([...args, '--previous']));
  }
  await keep(`${prefix}.metrics.txt`, async () => {
    const signal = AbortSignal.timeout(METRICS_TIMEOUT_MS);
    return (await fetch(`http://${status?.podIP}:4191/metrics`, { signal })).text();
  });
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
}
