import { type Random, seededRandom } from '#lib/base';
import type { Pod } from '#lib/resources';
import { containerOf, isPodReady, type LocalMesh, signalContainer } from '../integration/mesh/local-mesh.ts';
import type { Kill, Kills, Outage } from './failures.ts';
import { buildManifests, CHURN } from './manifests.ts';

export const SCALE_EVERY_MS = 8000;
export const KILL_EVERY_MS = 20_000;
export const KILL_CONTROL_PLANE_EVERY_MS = 45_000;
const LOOK_EVERY_MS = 250;
const PROXY = 'linkerd-proxy';
/** Their proxies are measured, and live. */
const CONTROL_PLANE = [
  { pod: 'linkerd-destination', container: 'destination' },
  { pod: 'linkerd-destination', container: 'policy' },
  { pod: 'linkerd-identity', container: 'identity' },
] as const;

/** What was done to the mesh so far. */
export interface Disruption {
  readonly kills: Kills;
  readonly controlPlaneKills: () => number;
  /** Names of all that were ready at some time, of the pods that come and go. */
  readonly readyPods: ReadonlySet<string>;
  stop(): void;
}

/** Changes replicas, kills peers and programs of the control plane, until it is stopped. */
export function startDisruption(mesh: LocalMesh, seed: number): Disruption {
  const random = seededRandom(seed);
  const kills = { peers: [] as Kill[], outages: [] as Ending[], scalingsAtMs: [] as number[] };
  let controlPlaneKills = 0;
  const readyPods = new Set<string>();
  const scale = () => {
    // Now the last change is done.
    for (const pod of mesh.pods(CHURN.name).filter(isPodReady)) readyPods.add(pod.metadata.name);
    mesh.write('mesh.yaml', buildManifests(1 + pick(random, CHURN.mostReplicas)));
    kills.scalingsAtMs.push(Date.now());
  };
  const kill = () => {
    const done = killPeer(mesh, random);
    if (done !== undefined) kills.peers.push(done);
  };
  const killControlPlane = () => {
    const { pod: prefix, container } = CONTROL_PLANE[pick(random, CONTROL_PLANE.length)] ?? CONTROL_PLANE[0];
    const [pod] = mesh.pods(prefix);
    if (pod === undefined || !trySignal(mesh, pod, container)) return;
    controlPlaneKills++;
    if (container !== 'destination') return;
    kills.outages.push({ fromMs: Date.now(), restarts: restartsOf(pod), readyMs: undefined });
  };
  const lookAtOutage = () => {
    const outage = kills.outages.at(-1);
    if (outage !== undefined && outage.readyMs === undefined && isBack(mesh, outage))
      outage.readyMs = Date.now();
  };
  const timers = [
    setInterval(scale, SCALE_EVERY_MS),
    setInterval(kill, KILL_EVERY_MS),
    setInterval(killControlPlane, KILL_CONTROL_PLANE_EVERY_MS),
    setInterval(lookAtOutage, LOOK_EVERY_MS),
  ];
  return {
    kills,
    controlPlaneKills: () => controlPlaneKills,
    readyPods,
    stop: () => timers.forEach(clearInterval),
  };
}

/** An outage of which the end is waited for. */
interface Ending extends Outage {
  readyMs: number | undefined;
  /** Of the destination service, until then. */
  readonly restarts: number;
}

function restartsOf(pod: Pod): number {
  return containerOf(pod, 'destination').restartCount;
}

function isBack(mesh: LocalMesh, { restarts }: Ending): boolean {
  const pod = mesh.pods('linkerd-destination')[0];
  return pod !== undefined && restartsOf(pod) > restarts && containerOf(pod, 'destination').ready;
}

function killPeer(mesh: LocalMesh, random: Random): Kill | undefined {
  const peers = mesh.pods(CHURN.name).filter(isPodReady);
  const pod = peers[pick(random, peers.length)];
  if (pod === undefined) return undefined;
  const what = pick(random, 2) === 0 ? 'app' : 'proxy';
  const atMs = Date.now();
  const isKilled = trySignal(mesh, pod, what === 'app' ? CHURN.name : PROXY);
  return isKilled ? { what, pod: pod.metadata.name, atMs } : undefined;
}

/** False where it does not run just now, or is going. */
function trySignal(mesh: LocalMesh, pod: Pod, name: string): boolean {
  try {
    return signalContainer(mesh, pod, { name, signal: 'SIGKILL' });
  } catch {
    return false;
  }
}

function pick(random: Random, count: number): number {
  return Math.floor(random() * count);
}
