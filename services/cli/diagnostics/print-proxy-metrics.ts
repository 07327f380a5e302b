import { describeError, MeshError } from '#lib/base';
import { type MeshPod, podLabel } from '../mesh/mesh-pod.ts';
import { openMesh } from '../mesh/open-mesh.ts';
import { parseResource, type ResourceRef } from '../mesh/resource-args.ts';
import { fetchMetrics } from '../metrics/fetch-metrics.ts';
import type { Output } from '../output/output.ts';
import { obfuscateMetrics } from './obfuscate.ts';

export interface ProxyMetricsFlags {
  readonly name: string;
  readonly namespace: string;
  readonly obfuscate?: boolean;
}

/** Prints the metrics pages of a resource's proxies as they are. Rejects at the end when one could not be read. */
export async function printProxyMetrics(
  resource: string,
  flags: ProxyMetricsFlags,
  { localDir, output }: { readonly localDir: string; readonly output: Output },
): Promise<void> {
  const mesh = openMesh({ name: flags.name, localDir });
  const pods = choosePods(mesh.pods, parseResource(resource), flags.namespace);
  if (pods.length === 0) {
    throw new MeshError('POD_NOT_FOUND', `no meshed pod of ${resource} runs in namespace ${flags.namespace}`);
  }
  let failed = 0;
  for (const [index, pod] of pods.entries()) {
    output.stdout(`#\n# POD ${pod.name} (${index + 1} of ${pods.length})\n#\n`);
    try {
      const page = await fetchMetrics({ label: podLabel(pod), ip: pod.ip });
      output.stdout(`${(flags.obfuscate === true ? obfuscateMetrics(page) : page).trimEnd()}\n\n`);
    } catch (error) {
      failed += 1;
      output.stdout(`# ERROR ${describeError(error)}\n\n`);
    }
  }
  if (failed > 0) {
    throw new MeshError(
      'METRICS_INCOMPLETE',
      `the metrics of ${failed} of ${pods.length} pods cannot be read; see above`,
    );
  }
}

function choosePods(pods: readonly MeshPod[], { kind, name }: ResourceRef, namespace: string): MeshPod[] {
  if (kind === 'service') {
    throw new MeshError(
      'RESOURCE_INVALID',
      'a service has no proxy of its own: ask for the deployment or pod behind it',
    );
  }
  return pods.filter((pod) => {
    if (!pod.meshed || pod.ip === '' || pod.phase !== 'Running') return false;
    if (kind === 'namespace') return name === undefined || pod.namespace === name;
    const own = kind === 'pod' ? pod.name : pod.deployment;
    return pod.namespace === namespace && own !== undefined && (name === undefined || own === name);
  });
}
