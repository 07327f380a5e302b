import type { ClusterSource } from '#lib/cluster';
import { PODS, type Pod } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import { buildDefaultServer, type InboundConfig } from '../core/default-server.ts';
import type { InboundServer } from '../core/inbound-server.ts';
import { type PodSettings, readPodSettings, settingsOfPort } from '../core/pod-settings.ts';
import type { Workload } from '../core/workload.ts';
import type { PolicyLookup } from './policy-lookup.ts';
import { createWatchTable } from './watch-table.ts';

export interface InboundQuery {
  readonly workload: Workload;
  readonly port: number;
}

export interface InboundIndexOptions {
  /** Not started yet. */
  readonly source: ClusterSource;
  readonly config: InboundConfig;
  readonly log: Logger;
}

/** The inbound policy of every port of every pod. */
export function createInboundIndex(options: InboundIndexOptions): PolicyLookup<InboundQuery, InboundServer> {
  const { source, config, log } = options;
  const pods = source.store(PODS);
  const table = createWatchTable<InboundServer | undefined>();
  const settings = createSettingsMemo(log);

  const get = ({ workload, port }: InboundQuery): InboundServer | undefined => {
    if (workload.kind !== 'pod') return undefined;
    const pod = pods.get(workload.namespace, workload.name);
    if (pod === undefined) return undefined;
    return buildDefaultServer(settingsOfPort(settings(pod), port, config.defaultPolicy), config);
  };

  pods.subscribe(({ object }) =>
    table.refresh([keyOf(object.metadata.namespace ?? '', object.metadata.name)]),
  );
  return {
    get watches() {
      return table.size;
    },
    get,
    watch: (query, listener) =>
      table.watch(keyOf(query.workload.namespace, query.workload.name), {
        compute: () => get(query),
        initial: get(query),
        listener,
      }),
  };
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Reads each pod once; objects never change, a new state is a new object. */
function createSettingsMemo(log: Logger): (pod: Pod) => PodSettings {
  const memo = new WeakMap<Pod, PodSettings>();
  return (pod) => {
    const known = memo.get(pod);
    if (known !== undefined) return known;
    const settings = readPodSettings(pod);
    memo.set(pod, settings);
    const { namespace, name } = pod.metadata;
    for (const warning of settings.warnings)
      log.warn('pod setting ignored', { namespace, pod: name, warning });
    return settings;
  };
}
