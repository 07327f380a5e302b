import type { Pod } from '#lib/resources';
import { parseMetrics, type Sample } from '../../../services/cli/metrics/parse-metrics.ts';
import type { AskedAnswer } from '../../support/pods/ask.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { NODE_PATH } from './workloads.ts';

/** GETs a URL from inside a pod's first container, as its app would. */
export async function askFrom(
  kubectl: Kubectl,
  pod: Pod,
  { url, count = 1 }: { readonly url: string; readonly count?: number },
): Promise<readonly AskedAnswer[]> {
  const { name, namespace = '' } = pod.metadata;
  const container = pod.spec.containers.find((one) => one.name !== 'linkerd-proxy')?.name ?? '';
  const command = ['--', NODE_PATH, '/pods/ask.ts', url, String(count)];
  const output = await kubectl(['exec', name, '-n', namespace, '-c', container, ...command]);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AskedAnswer);
}

/** What a pod's proxy counts. */
export async function readProxyMetrics(pod: Pod): Promise<readonly Sample[]> {
  const response = await fetch(`http://${pod.status?.podIP}:4191/metrics`);
  return parseMetrics(await response.text(), pod.metadata.name);
}

/** The sum of a counter's series that carry these labels. */
export function sum(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((total, { value }) => total + value, 0);
}
