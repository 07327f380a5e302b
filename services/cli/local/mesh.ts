import { mkdirSync } from 'node:fs';
import { type Clock, describeError } from '#lib/base';
import type { InjectValues } from '#lib/inject';
import type { KubeObject, Pod } from '#lib/resources';
import { formatCidr } from './core/cidr.ts';
import { collectDesired, type DesiredState } from './core/desired.ts';
import { buildDnsZone } from './core/dns-zone.ts';
import { buildEffectiveState, createMetadataKeeper, type EffectiveState } from './core/effective-state.ts';
import { isReady } from './core/endpoints.ts';
import { CONTROL_PLANE_NAMESPACE, keyOf, nodeNetnsName } from './core/names.ts';
import { renderNatTables } from './core/nat-table.ts';
import { readRolloutLimits } from './core/rollout.ts';
import { allocateServiceIps } from './core/service-ips.ts';
import { type DnsServer, startDnsServer } from './net/dns-server.ts';
import { applyNatTables } from './net/node-network.ts';
import type { NetworkPlan } from './net/plan.ts';
import { createPodSet, type PodSet } from './pod-set.ts';
import type { Programs } from './run/program.ts';
import type { InstancePaths } from './state/paths.ts';
import { createStateWriter, type StateWriter } from './state/state-writer.ts';
import type { TokenIssuer } from './token-issuer.ts';

export interface MeshOptions {
  readonly instance: string;
  readonly network: NetworkPlan;
  readonly paths: InstancePaths;
  readonly programs: Programs;
  readonly clock: Clock;
  readonly clusterDomain: string;
  /** The folder of the manifests: where the processes of containers begin, see PodRunnerOptions. */
  readonly baseDir: string;
  readonly searchPath: string;
  /** What proxies are injected with; undefined: there is no control plane, and no pod gets one. */
  readonly values: InjectValues | undefined;
  readonly tokens: TokenIssuer;
  readonly warn: (sentence: string) => void;
  /** Called when pods become ready, stop being it, or come and go. */
  readonly onPods: (pods: readonly Pod[]) => void;
}

/** A running local mesh: brings what is there to what is wanted, and keeps it there. */
export interface Mesh {
  /** What is wanted from now on. Throws a MeshError, and keeps to what it had, if that cannot be. */
  want(objects: readonly KubeObject[]): void;
  /** Whether everything wanted is there and ready. */
  isReady(): boolean;
  stop(maxGraceMs: number): Promise<void>;
}

/** Everything is looked at again this often, in case something was missed; tokens are renewed then too. */
const RESYNC_MS = 5000;

export async function startMesh(options: MeshOptions): Promise<Mesh> {
  mkdirSync(options.paths.logsDir, { recursive: true });
  const writer = createStateWriter(options.paths.stateDir);
  const dns = await startDnsServer(nodeNetnsName(options.instance), options.network.dnsIp);
  const state: MeshState = {
    desired: collectDesired([]),
    serviceIps: new Map(),
    meshIsUp: options.values === undefined,
    closed: false,
  };
  const loop = createReconcileLoop(() => reconcile(options, parts, state), options.warn);
  const podSet = createPodSet({
    ...options,
    sources: () => ({
      configMaps: state.desired.configMaps,
      secrets: state.desired.secrets,
      nodeIp: options.network.nodeIp,
      issueToken: options.tokens.issue,
    }),
    onChange: loop.schedule,
    onGone(pod) {
      options.tokens.forget(pod);
      loop.schedule();
    },
  });
  const parts: MeshParts = {
    podSet,
    writer,
    dns,
    keepMetadata: createMetadataKeeper(() => new Date(options.clock.now()).toISOString()),
    tables: '',
  };
  const resync = setInterval(() => {
    podSet.refreshVolumes();
    loop.schedule();
  }, RESYNC_MS);
  return {
    want(objects) {
      const desired = collectDesired(objects);
      state.serviceIps = allocateServiceIps(
        [...desired.services.values()],
        state.serviceIps,
        options.network.serviceCidr,
      );
      state.desired = desired;
      podSet.refreshVolumes();
      loop.schedule();
    },
    isReady: () => state.meshIsUp && isComplete(state.desired, podSet.list()),
    async stop(maxGraceMs) {
      state.closed = true;
      clearInterval(resync);
      await loop.close();
      await podSet.stopAll(maxGraceMs);
      dns.close();
    },
  };
}

interface MeshState {
  desired: DesiredState;
  serviceIps: ReadonlyMap<string, string>;
  /** The control plane has been ready once: pods with a proxy may come. */
  meshIsUp: boolean;
  closed: boolean;
}

interface MeshParts {
  readonly podSet: PodSet;
  readonly writer: StateWriter;
  readonly dns: DnsServer;
  readonly keepMetadata: (objects: readonly KubeObject[]) => readonly KubeObject[];
  /** The tables that the node has. */
  tables: string;
}

/** One step towards what is wanted. Names and routes follow the pods, and then the control plane hears of them. */
async function reconcile(options: MeshOptions, parts: MeshParts, state: MeshState): Promise<void> {
  const { podSet } = parts;
  if (!state.closed) podSet.reconcile(state.desired, { meshIsUp: state.meshIsUp });
  const pods = podSet.list();
  const isNewlyUp = !state.meshIsUp && isControlPlaneReady(state.desired, pods);
  const effective = buildEffectiveState({
    desired: state.desired,
    serviceIps: state.serviceIps,
    pods,
    replicaSets: podSet.replicaSets(),
    nodeIp: options.network.nodeIp,
  });
  parts.dns.setZone(buildDnsZone({ clusterDomain: options.clusterDomain, ...effective }));
  await applyTables(options, parts, effective);
  parts.writer.write(parts.keepMetadata(effective.objects));
  options.onPods(pods);
  if (!isNewlyUp || state.closed) return;
  state.meshIsUp = true;
  podSet.reconcile(state.desired, { meshIsUp: true });
}

async function applyTables(options: MeshOptions, parts: MeshParts, effective: EffectiveState): Promise<void> {
  const { network } = options;
  const tables = renderNatTables({
    ...effective,
    serviceCidr: formatCidr(network.serviceCidr),
    nodeIp: network.nodeIp,
  });
  if (tables === parts.tables) return;
  await applyNatTables(options.instance, tables);
  parts.tables = tables;
}

/** Runs one step at a time, and again when something changed meanwhile. */
function createReconcileLoop(step: () => Promise<void>, warn: (sentence: string) => void) {
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;
  const run = async () => {
    // What changes in one turn of the event loop is one step.
    await new Promise((resolve) => setImmediate(resolve));
    do {
      again = false;
      try {
        await step();
      } catch (error) {
        warn(describeError(error));
      }
    } while (again && !closed);
    running = undefined;
  };
  return {
    schedule() {
      if (closed) return;
      again = true;
      running ??= run();
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

function isControlPlaneReady(desired: DesiredState, pods: readonly Pod[]): boolean {
  const deployments = [...desired.deployments.values()].filter(
    ({ metadata }) => metadata.namespace === CONTROL_PLANE_NAMESPACE,
  );
  return (
    deployments.length > 0 &&
    isComplete(
      { ...desired, pods: new Map(), deployments: new Map(deployments.map((d) => [keyOf(d), d])) },
      pods,
    )
  );
}

/** Every wanted pod is there and ready, and no other one is. */
function isComplete(desired: DesiredState, pods: readonly Pod[]): boolean {
  const readyOf = (prefix: string, namespace: string | undefined) =>
    pods.filter(
      (pod) =>
        pod.metadata.namespace === namespace &&
        pod.metadata.ownerReferences?.[0]?.name.slice(
          0,
          pod.metadata.ownerReferences[0].name.lastIndexOf('-'),
        ) === prefix,
    );
  const deploymentsDone = [...desired.deployments.values()].every((deployment) => {
    const own = readyOf(deployment.metadata.name, deployment.metadata.namespace);
    return own.length === readRolloutLimits(deployment).replicas && own.every(isReady);
  });
  const podsDone = [...desired.pods.keys()].every((key) => {
    const pod = pods.find((candidate) => keyOf(candidate) === key);
    return pod !== undefined && (isReady(pod) || pod.status?.phase === 'Succeeded');
  });
  return deploymentsDone && podsDone;
}
