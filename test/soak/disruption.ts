import { type Random, seededRandom } from '#lib/base';
import type { Pod } from '#lib/resources';
import { isPodReady, type LocalMesh, signalContainer } from '../integration/mesh/local-mesh.ts';
import type { Kill, Kills } from './failures.ts';
import { buildManifests, CHURN } from './manifests.ts';

const SCALE_EVERY_MS = 8000;
const KILL_EVERY_MS = 20_000;
const KILL_CONTROL_PLANE_EVERY_MS = 45_000;
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
  stop(): void;
}

/** Changes replicas, kills peers and programs of the control plane, until it is stopped. */
export function startDisruption(mesh: LocalMesh, seed: number): Disruption {
  const random = seededRandom(seed);
  const kills = { peers: [] as Kill[], discoveryAtMs: [] as number[], scalingsAtMs: [] as number[] };
  let controlPlaneKills = 0;
  const scale = () => {
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
    if (container === 'destination') kills.discoveryAtMs.push(Date.now());
  };
  const timers = [
    setInterval(scale, SCALE_EVERY_MS),
    setInterval(kill, KILL_EVERY_MS),
    setInterval(killControlPlane, KILL_CONTROL_PLANE_EVERY_MS),
  ];
  return {
    kills,
    controlPlaneKills: () => controlPlaneKills,
    stop: () => timers.forEach(clearInterval),
  };
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
