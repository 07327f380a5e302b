import { readdirSync, readFileSync } from 'node:fs';
import type { Pod } from '#lib/resources';
import type { Cluster } from '../cluster/cluster.ts';

export interface MemoryUse {
  readonly totalMb: number;
  /** A line for each container. */
  readonly lines: readonly string[];
}

/** RssAnon of the main processes of pods, from /proc of this machine, which is the node. */
export async function measureMemory({ kubectl }: Cluster, pods: readonly Pod[]): Promise<MemoryUse> {
  const byContainer = new Map<string, string>();
  for (const { metadata } of pods) {
    const { status } = await kubectl.get<Pod>('pod', metadata.name, { namespace: metadata.namespace ?? '' });
    const all = status as unknown as Record<string, readonly ContainerStatus[] | undefined>;
    for (const one of [...(all['containerStatuses'] ?? []), ...(all['initContainerStatuses'] ?? [])]) {
      const id = one.containerID?.replace(/^.*:\/\//, '');
      if (id !== undefined) byContainer.set(id, `${metadata.name}/${one.name}`);
    }
  }
  const lines: string[] = [];
  let totalMb = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const name = byContainer.get(readContainerId(pid) ?? '');
    const mb = name === undefined ? undefined : readRssAnonMb(pid);
    if (name === undefined || mb === undefined) continue;
    totalMb += mb;
    lines.push(`${name}: ${mb.toFixed(1)} MB`);
  }
  return { totalMb, lines: lines.sort() };
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
}

/** The container that a process runs in, by the names of its cgroups. */
function readContainerId(pid: string): string | undefined {
  try {
    return /[0-9a-f]{64}/.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}

function readRssAnonMb(pid: string): number | undefined {
  try {
    const kb = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? undefined : Number(kb) / 1024;
  } catch {
    return undefined;
  }
}
