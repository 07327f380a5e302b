import type { Deployment } from '#lib/resources';

/** One pod of a Deployment, as a rollout sees it. */
export interface RolloutPod {
  readonly name: string;
  readonly hash: string;
  readonly ready: boolean;
  readonly terminating: boolean;
}

export interface RolloutPlan {
  /** How many pods of the wanted template to create now. */
  readonly create: number;
  /** The names of the pods to remove now. */
  readonly remove: readonly string[];
}

interface RolloutLimits {
  readonly replicas: number;
  readonly recreate: boolean;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/**
 * The next step from the pods there are to `replicas` pods of template `hash`: new ones first, an old one goes
 * when enough are ready without it. Called again at every change until it asks for nothing.
 * Source: kubernetes.io, Deployments, "Rolling Update Deployment".
 */
export function planRollout(limits: RolloutLimits, hash: string, pods: readonly RolloutPod[]): RolloutPlan {
  const live = pods.filter((pod) => !pod.terminating);
  const current = live.filter((pod) => pod.hash === hash);
  const old = live.filter((pod) => pod.hash !== hash);
  if (limits.recreate && pods.some((pod) => pod.hash !== hash)) {
    return { create: 0, remove: old.map((pod) => pod.name) };
  }
  const room = limits.replicas + limits.maxSurge - live.length;
  const create = Math.max(0, Math.min(limits.replicas - current.length, room));
  const surplus = orderForRemoval(current).slice(0, Math.max(0, current.length - limits.replicas));
  const staying = live.filter((pod) => !surplus.includes(pod));
  const spare = staying.filter((pod) => pod.ready).length - (limits.replicas - limits.maxUnavailable);
  const oldReady = old.filter((pod) => pod.ready).slice(0, Math.max(0, spare));
  const oldUnready = old.filter((pod) => !pod.ready);
  return { create, remove: [...surplus, ...oldUnready, ...oldReady].map((pod) => pod.name) };
}

/** The least useful first: those not ready, then the youngest. */
function orderForRemoval(pods: readonly RolloutPod[]): RolloutPod[] {
  return [...pods].reverse().sort((a, b) => Number(a.ready) - Number(b.ready));
}

/** The limits of a Deployment, with Kubernetes' defaults: 25 % surge (rounded up), 25 % unavailable (down). */
export function readRolloutLimits(deployment: Deployment): RolloutLimits {
  const spec: DeploymentRollout = deployment.spec;
  const replicas = spec.replicas ?? 1;
  const rolling = spec.strategy?.rollingUpdate;
  const maxSurge = resolveShare(rolling?.maxSurge ?? '25%', replicas, Math.ceil);
  const maxUnavailable = resolveShare(rolling?.maxUnavailable ?? '25%', replicas, Math.floor);
  return {
    replicas,
    recreate: spec.strategy?.type === 'Recreate',
    maxSurge,
    // Both 0 would never move.
    maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable,
  };
}

type DeploymentRollout = Deployment['spec'] & {
  readonly strategy?: {
    readonly type?: string;
    readonly rollingUpdate?: {
      readonly maxSurge?: number | string;
      readonly maxUnavailable?: number | string;
    };
  };
};

function resolveShare(share: number | string, replicas: number, round: (value: number) => number): number {
  if (typeof share === 'number') return share;
  const percent = /^(\d+)%$/.exec(share);
  return percent === null ? 0 : round((Number(percent[1]) / 100) * replicas);
}
