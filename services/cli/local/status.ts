import { existsSync } from 'node:fs';
import { MeshError } from '#lib/base';
import type { Pod } from '#lib/resources';
import { PROXY_CONTAINER } from '../../proxy/contract.ts';
import { type Output, printJson, printLine } from '../output/output.ts';
import { renderTable } from '../output/table.ts';
import { type InstanceState, listInstances, readInstance } from './state/instance.ts';
import { DEFAULT_BASE_DIR } from './state/paths.ts';

export interface StatusOptions {
  readonly name: string;
  readonly localDir: string;
  readonly output: 'table' | 'json';
}

interface PodRow {
  readonly namespace: string;
  readonly name: string;
  /** `2/2`: ready containers of all. */
  readonly ready: string;
  readonly status: string;
  readonly restarts: number;
  readonly ip: string;
  readonly meshed: boolean;
}

/** Prints the pods of a local mesh. Throws a MeshError when there is none of that name. */
export function printStatus(options: StatusOptions, output: Output): void {
  const state = readInstance(options.name, options.localDir);
  if (state === undefined) throw describeMissing(options);
  const rows = state.pods.map(describePod).sort(compareRows);
  if (options.output === 'json') {
    printJson(output, { ...state.instance, running: state.running, pods: rows });
    return;
  }
  printLine(output, describeInstance(state));
  const cells = rows.map((row) => [
    row.namespace,
    row.name,
    row.ready,
    row.status,
    `${row.restarts}`,
    row.ip,
    row.meshed ? 'yes' : 'no',
  ]);
  output.stdout(renderTable(['NAMESPACE', 'NAME', 'READY', 'STATUS', 'RESTARTS', 'IP', 'MESHED'], cells));
}

/** A pod as a row; its status is the one that local mode wrote. */
function describePod(pod: Pod): PodRow {
  const status = pod.status as { reason?: string; initContainerStatuses?: ContainerStatus[] } | undefined;
  const mains = (pod.status?.containerStatuses ?? []) as ContainerStatus[];
  const sidecarNames = (pod.spec.initContainers ?? [])
    .filter((c) => c.restartPolicy === 'Always')
    .map((c) => c.name);
  const inits = status?.initContainerStatuses ?? [];
  const counted = [...mains, ...inits.filter((container) => sidecarNames.includes(container.name))];
  return {
    namespace: pod.metadata.namespace ?? 'default',
    name: pod.metadata.name,
    ready: `${counted.filter((container) => container.ready).length}/${counted.length}`,
    status: status?.reason ?? pod.status?.phase ?? 'Unknown',
    restarts: [...mains, ...inits].reduce((sum, container) => sum + container.restartCount, 0),
    ip: pod.status?.podIP ?? '',
    meshed: counted.some((container) => container.name === PROXY_CONTAINER),
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
}

function describeInstance({ instance, running }: InstanceState): string {
  const condition = running
    ? instance.ready
      ? 'ready'
      : 'not ready yet'
    : 'its process has crashed; run "linkerd local down"';
  return `local mesh ${instance.name} (${instance.manifestsDir}): ${condition}; logs in ${instance.logsDir}\n`;
}

/** Why there is no mesh to ask, and what to do. */
export function describeMissing({ name, localDir }: Pick<StatusOptions, 'name' | 'localDir'>): MeshError {
  const others = listInstances(localDir);
  const advice =
    others.length === 0
      ? 'start one with "linkerd local up -f DIR"'
      : `there are: ${others.join(', ')} (--name)`;
  // Others may not look at those of root.
  const ofRoot = process.getuid?.() !== 0 && existsSync(DEFAULT_BASE_DIR) ? '; for one of root use sudo' : '';
  return new MeshError('LOCAL_NOT_UP', `there is no local mesh named ${name}: ${advice}${ofRoot}`);
}

function compareRows(a: PodRow, b: PodRow): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
