import type { Clock } from '#lib/base';
import type { InjectValues } from '#lib/inject';
import { type Deployment, LABEL, type Namespace, type Pod, type ReplicaSet } from '#lib/resources';
import type { DesiredState } from './core/desired.ts';
import { NODE_NAME } from './core/effective-state.ts';
import { createIpPool, type IpPool } from './core/ip-pool.ts';
import { keyOf } from './core/names.ts';
import { buildPodStatus, describePodStatus, isPodReady } from './core/pod-status.ts';
import { hashPod, hashTemplate, instantiatePod, replicaSetName } from './core/pod-template.ts';
import { planRollout, readRolloutLimits } from './core/rollout.ts';
import { injectLocally, needsMesh } from './inject.ts';
import { RESERVED_POD_IPS } from './net/plan.ts';
import type { PodRunnerOptions } from './run/pod-context.ts';
import { type PodRunner, startPod } from './run/pod-runner.ts';

export interface PodSetOptions extends Omit<PodRunnerOptions, 'pod' | 'podIp'> {
  readonly clock: Clock;
  /** Undefined: no pod gets a proxy. */
  readonly values: InjectValues | undefined;
  readonly warn: (sentence: string) => void;
  /** A pod has ended, and nothing of it is left. */
  readonly onGone: (pod: Pod) => void;
}

/** The pods of a local mesh. */
export interface PodSet {
  /** Starts and stops pods towards what is wanted; one step, to be repeated after every change. */
  reconcile(desired: DesiredState, options: { readonly meshIsUp: boolean }): void;
  /** Every pod with its status as it is now. */
  list(): readonly Pod[];
  replicaSets(): readonly ReplicaSet[];
  refreshVolumes(): void;
  stopAll(maxGraceMs: number): Promise<void>;
}

/** How long a pod that leaves still serves, so that its clients have time to hear of it. */
const DRAIN_MS = 500;

interface Entry {
  readonly runner: PodRunner;
  /** `Deployment ns/name` or `Pod ns/name`: whose pod it is. */
  readonly owner: string;
  readonly hash: string;
  readonly createdAt: string;
  terminatingSince: string | undefined;
}

export function createPodSet(options: PodSetOptions): PodSet {
  const entries = new Map<string, Entry>();
  const replicaSets = new Map<string, ReplicaSet>();
  const ips = createIpPool(options.network.podCidr, RESERVED_POD_IPS);
  const nowIso = () => new Date(options.clock.now()).toISOString();

  const add = (pod: Pod, of: { owner: string; hash: string; deployment?: string; namespace: Namespace }) => {
    const podIp = takeIp(ips, options.warn, pod);
    if (podIp === undefined) return;
    const placed = { ...pod, spec: { ...pod.spec, nodeName: NODE_NAME } };
    const { values } = options;
    const injected =
      values === undefined
        ? { pod: placed, warnings: [] }
        : injectLocally(placed, { namespace: of.namespace, deployment: of.deployment, values });
    for (const warning of injected.warnings) options.warn(`pod ${keyOf(pod)}: ${warning}`);
    const withIp = { ...injected.pod, status: { podIP: podIp, podIPs: [{ ip: podIp }] } };
    const runner = startPod({ ...options, pod: withIp, podIp });
    const entry = {
      runner,
      owner: of.owner,
      hash: of.hash,
      createdAt: nowIso(),
      terminatingSince: undefined,
    };
    entries.set(keyOf(pod), entry);
  };
  const remove = (key: string, drainMs: number, maxGraceMs?: number): Promise<void> => {
    const entry = entries.get(key);
    if (entry === undefined) return Promise.resolve();
    entry.terminatingSince ??= nowIso();
    const limit = maxGraceMs === undefined ? {} : { maxGraceMs };
    return entry.runner.stop({ drainMs, ...limit }).then(() => {
      if (entries.get(key) !== entry) return;
      entries.delete(key);
      ips.release(entry.runner.podIp);
      options.onGone(entry.runner.pod);
    });
  };
  const isReadyEntry = (entry: Entry) => isPodReady(entry.runner.pod, entry.runner.report());

  const rollDeployment = (
    deployment: Deployment,
    desired: DesiredState,
    mayCreate: (pod: Pod) => boolean,
  ) => {
    const namespace = namespaceOf(desired, deployment.metadata.namespace);
    const owner = `Deployment ${keyOf(deployment)}`;
    const hash = hashTemplate(deployment, namespace);
    const own = [...entries].filter(([, entry]) => entry.owner === owner);
    const pods = own.map(([name, entry]) => ({
      name,
      hash: entry.hash,
      ready: isReadyEntry(entry),
      terminating: entry.terminatingSince !== undefined,
    }));
    const plan = planRollout(readRolloutLimits(deployment), hash, pods);
    const replicaSet = keepReplicaSet(replicaSets, deployment, { hash, nowIso });
    for (let count = 0; count < plan.create; count++) {
      const pod = instantiatePod(deployment, hash, {
        name: replicaSet.metadata.name,
        uid: replicaSet.metadata.uid ?? '',
      });
      if (mayCreate(pod)) add(pod, { owner, hash, deployment: deployment.metadata.name, namespace });
    }
    for (const key of plan.remove) void remove(key, DRAIN_MS);
  };
  const keepBarePod = (pod: Pod, desired: DesiredState, mayCreate: (pod: Pod) => boolean) => {
    const namespace = namespaceOf(desired, pod.metadata.namespace);
    const hash = hashPod(pod, namespace);
    const entry = entries.get(keyOf(pod));
    if (entry === undefined) {
      const complete = { ...pod, metadata: { ...pod.metadata, uid: crypto.randomUUID() } };
      if (mayCreate(pod)) add(complete, { owner: `Pod ${keyOf(pod)}`, hash, namespace });
    } else if (entry.hash !== hash) void remove(keyOf(pod), DRAIN_MS);
  };

  return {
    reconcile(desired, { meshIsUp }) {
      // A pod that needs the mesh to become ready waits for it.
      const mayCreate = (pod: Pod) =>
        meshIsUp ||
        options.values === undefined ||
        !needsMesh(pod, { namespace: namespaceOf(desired, pod.metadata.namespace), values: options.values });
      for (const [key, entry] of entries) {
        const [kind, owner = ''] = entry.owner.split(' ');
        const isWanted = kind === 'Pod' ? desired.pods.has(owner) : desired.deployments.has(owner);
        if (!isWanted && entry.terminatingSince === undefined) void remove(key, DRAIN_MS);
      }
      for (const deployment of desired.deployments.values()) rollDeployment(deployment, desired, mayCreate);
      for (const pod of desired.pods.values()) keepBarePod(pod, desired, mayCreate);
      dropReplicaSets(replicaSets, desired, entries);
    },
    list: () => [...entries.values()].map(describeEntry),
    replicaSets: () => [...replicaSets.values()],
    refreshVolumes() {
      for (const entry of entries.values()) entry.runner.refreshVolumes();
    },
    async stopAll(maxGraceMs) {
      await Promise.all([...entries.keys()].map((key) => remove(key, 0, maxGraceMs)));
    },
  };
}

function describeEntry(entry: Entry): Pod {
  const { pod } = entry.runner;
  const report = entry.runner.report();
  const status = { ...buildPodStatus(pod, report), reason: describePodStatus(pod, report) };
  const deletion = entry.terminatingSince === undefined ? {} : { deletionTimestamp: entry.terminatingSince };
  return { ...pod, metadata: { ...pod.metadata, creationTimestamp: entry.createdAt, ...deletion }, status };
}

function namespaceOf(desired: DesiredState, name = 'default'): Namespace {
  return desired.namespaces.get(name) ?? { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function takeIp(ips: IpPool, warn: (sentence: string) => void, pod: Pod): string | undefined {
  const ip = ips.take();
  if (ip === undefined)
    warn(
      `pod ${keyOf(pod)} is not started: every address of the pod range is taken; choose a larger --pod-cidr`,
    );
  return ip;
}

function keepReplicaSet(
  replicaSets: Map<string, ReplicaSet>,
  deployment: Deployment,
  { hash, nowIso }: { hash: string; nowIso: () => string },
): ReplicaSet {
  const name = replicaSetName(deployment, hash);
  const { namespace = 'default' } = deployment.metadata;
  const known = replicaSets.get(`${namespace}/${name}`);
  if (known !== undefined) return known;
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: deployment.metadata.name,
    controller: true,
  };
  const created: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace,
      uid: crypto.randomUUID(),
      creationTimestamp: nowIso(),
      labels: { ...deployment.spec.template.metadata?.labels, [LABEL.podTemplateHash]: hash },
      ownerReferences: [{ ...owner, uid: deployment.metadata.uid ?? '' }],
    },
  };
  replicaSets.set(`${namespace}/${name}`, created);
  return created;
}

/** Forgets the sets of Deployments that are gone once their last pod is. */
function dropReplicaSets(
  replicaSets: Map<string, ReplicaSet>,
  desired: DesiredState,
  entries: ReadonlyMap<string, Entry>,
): void {
  const used = new Set(
    [...entries.values()].flatMap(({ runner }) =>
      (runner.pod.metadata.ownerReferences ?? []).map(
        (owner) => `${runner.pod.metadata.namespace}/${owner.name}`,
      ),
    ),
  );
  for (const [key, set] of replicaSets) {
    const owner = `${set.metadata.namespace}/${set.metadata.ownerReferences?.[0]?.name}`;
    if (!used.has(key) && !desired.deployments.has(owner)) replicaSets.delete(key);
  }
}
