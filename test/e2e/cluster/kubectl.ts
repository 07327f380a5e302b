import { join } from 'node:path';
import type { KubeObject, Pod } from '#lib/resources';
import type { Lab } from '../../lab/lab.ts';
import { waitUntil } from '../../support/waiting.ts';
import { type RunOptions, run } from './run.ts';

export interface Place {
  readonly namespace?: string;
  readonly selector?: string;
}

/** A cluster as its users handle it: with kubectl. */
export interface Kubectl {
  /** What it prints; throws with what it says where it fails. */
  (args: readonly string[], options?: RunOptions): Promise<string>;
  get<T extends KubeObject>(kind: string, name: string, place?: Place): Promise<T>;
  list<T extends KubeObject>(kind: string, place?: Place): Promise<readonly T[]>;
  apply(objects: readonly unknown[], place?: Place): Promise<string>;
  delete(kind: string, name: string, place?: Place): Promise<void>;
}

export function createKubectl(lab: Lab): Kubectl {
  const call = async (args: readonly string[], options: RunOptions = {}) => {
    const result = await run(lab.kubectl, args, {
      ...options,
      env: { KUBECONFIG: lab.kubeconfig, KUBECACHEDIR: join(lab.stateDir, 'kubectl') },
    });
    if (result.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}${result.stdout}`);
    return result.stdout;
  };
  return Object.assign(call, {
    async get<T extends KubeObject>(kind: string, name: string, place: Place = {}) {
      return JSON.parse(await call(['get', kind, name, '-o', 'json', ...locate(place)])) as T;
    },
    async list<T extends KubeObject>(kind: string, place: Place = {}) {
      const text = await call(['get', kind, '-o', 'json', ...locate(place)]);
      return (JSON.parse(text) as { items: T[] }).items;
    },
    apply(objects: readonly unknown[], place: Place = {}) {
      const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
      return call(['apply', '-f', '-', ...locate(place)], { input });
    },
    async delete(kind: string, name: string, place: Place = {}) {
      await call(['delete', kind, name, '--ignore-not-found', '--wait=true', ...locate(place)]);
    },
  });
}

function locate({ namespace, selector }: Place): string[] {
  return [
    ...(namespace === undefined ? [] : ['-n', namespace]),
    ...(selector === undefined ? [] : ['-l', selector]),
  ];
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** The pods that are to stay, once there are `count` of them and all are Ready. */
export async function waitForPods(
  kubectl: Kubectl,
  { count, timeoutMs = 90_000, ...place }: Place & { readonly count: number; readonly timeoutMs?: number },
): Promise<readonly Pod[]> {
  let pods: readonly Pod[] = [];
  await waitUntil(
    `${count} pods ${place.namespace}/${place.selector ?? '*'} are ready`,
    async () => {
      const all = await kubectl.list<Pod>('pods', place);
      pods = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      return pods.length === count && pods.every(isReady);
    },
    timeoutMs,
  );
  return pods;
}
