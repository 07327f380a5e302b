import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where programs that were built or fetched are kept between runs. */
export function cacheDirectory(environment: Environment = process.env): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'linkerd-lab');
}

/** Everything the lab writes while it is up. Neither under /run nor under /var/lib: the node has its own of those. */
export const STATE_DIR = '/var/opt/linkerd-lab';

/** Of the link on the machine and of the cgroup: whatever bears this name is ours to remove. */
export const HOST_NAME = 'linkerd-lab';

export const VERSION = { kubernetes: '1.34.4', coredns: '1.12.4' } as const;

export const NODE_NAME = 'lab';

/** Both ranges are in Linkerd's default `clusterNetworks`. */
export const NETWORK = {
  hostIp: '172.30.0.1',
  nodeIp: '172.30.0.2',
  prefixLength: 24,
  pods: '10.244.0.0/16',
  /** The one node's part of it. */
  nodePods: '10.244.0.0/24',
  services: '10.96.0.0/16',
  /** The first address of the services' range, which the API server takes for itself. */
  kubernetesService: '10.96.0.1',
  dnsService: '10.96.0.10',
  domain: 'cluster.local',
} as const;

export const PORT = { apiServer: 6443, etcd: 2379, etcdPeer: 2380 } as const;

export const SERVER = `https://${NETWORK.nodeIp}:${PORT.apiServer}`;

export const IMAGE = {
  pause: 'lab.local/pause:1',
  coredns: `lab.local/coredns:${VERSION.coredns}`,
} as const;

/** Paths below the state directory. */
export const STATE = {
  pki: join(STATE_DIR, 'pki'),
  settings: join(STATE_DIR, 'settings'),
  logs: join(STATE_DIR, 'logs'),
  pids: join(STATE_DIR, 'pids'),
  kubelet: join(STATE_DIR, 'kubelet'),
  etcd: join(STATE_DIR, 'etcd'),
  containerd: join(STATE_DIR, 'containerd'),
  cni: join(STATE_DIR, 'cni'),
  /** What lies over the machine's folder of that name, seen from the node. */
  mounts: join(STATE_DIR, 'mounts'),
  kubeconfig: join(STATE_DIR, 'kubeconfig'),
  /** Written when the lab is up for the first time. */
  ready: join(STATE_DIR, 'ready.json'),
} as const;

/** In the node's view, where /run is its own. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
