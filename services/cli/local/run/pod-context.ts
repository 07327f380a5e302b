import { join } from 'node:path';
import { describeError } from '#lib/base';
import type { Pod } from '#lib/resources';
import type { EnvSources } from '../core/container-env.ts';
import type { VolumeSources } from '../core/volume-files.ts';
import type { PodPlace } from '../net/node-network.ts';
import type { NetworkPlan } from '../net/plan.ts';
import type { InstancePaths } from '../state/paths.ts';
import type { Programs } from './program.ts';

export interface PodRunnerOptions {
  readonly instance: string;
  readonly pod: Pod;
  readonly podIp: string;
  readonly network: NetworkPlan;
  readonly paths: InstancePaths;
  readonly programs: Programs;
  readonly clusterDomain: string;
  /** The folder of the manifests: where containers begin that name no working directory, and relative ones do. */
  readonly baseDir: string;
  /** The PATH of containers, after Node's own folder. */
  readonly searchPath: string;
  /** What environment and volumes may refer to, as it is now. */
  readonly sources: () => EnvSources & VolumeSources;
  /** Called after every change of the pod's report. */
  readonly onChange: () => void;
}

/** What the parts of one running pod share. */
export interface PodContext {
  readonly options: PodRunnerOptions;
  /** The pod's folder: volumes, `resolv.conf`, `hosts`. */
  readonly podDir: string;
  /** ISO 8601. */
  readonly startTime: string;
  readonly place: PodPlace;
  /** Undefined until the network is made. */
  netns: string | undefined;
  terminating: boolean;
  /** The volumes have been complete once. */
  hasVolumes: boolean;
  /** The first thing that keeps the pod from starting, in a sentence. */
  failure(): string | undefined;
  /** Sets or, with undefined, lifts what `part` complains of. */
  setFailure(part: string, error: unknown): void;
  /** Resolves to true when the condition holds, to false when the pod is stopped first. */
  until(condition: () => boolean): Promise<boolean>;
  changed(): void;
}

export function createPodContext(options: PodRunnerOptions): PodContext {
  const { metadata } = options.pod;
  const waiting = new Set<() => void>();
  const failures = new Map<string, string>();
  const context: PodContext = {
    options,
    podDir: join(options.paths.podsDir, metadata.uid ?? metadata.name),
    startTime: new Date().toISOString(),
    place: {
      instance: options.instance,
      namespace: metadata.namespace ?? 'default',
      name: metadata.name,
      podIp: options.podIp,
    },
    netns: undefined,
    terminating: false,
    hasVolumes: false,
    failure: () => failures.values().next().value,
    setFailure(part, error) {
      const sentence = error === undefined ? undefined : describeError(error);
      if (failures.get(part) === sentence) return;
      if (sentence === undefined) failures.delete(part);
      else failures.set(part, sentence);
      context.changed();
    },
    until(condition) {
      return new Promise((resolve) => {
        const check = () => {
          if (!context.terminating && !condition()) return;
          waiting.delete(check);
          resolve(!context.terminating);
        };
        waiting.add(check);
        check();
      });
    },
    changed() {
      for (const check of [...waiting]) check();
      options.onChange();
    },
  };
  return context;
}
