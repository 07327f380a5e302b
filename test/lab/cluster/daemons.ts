import { join } from 'node:path';
import { NETWORK, NODE_NAME, PORT, STATE } from '../config.ts';
import { certificateFile, keyFile, kubeconfigFile } from './pki.ts';
import { SETTINGS } from './settings.ts';

/** In the order in which they are started; the node's namespaces are made before. */
export const DAEMONS = [
  'etcd',
  'containerd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
] as const;

export type Daemon = (typeof DAEMONS)[number];

/** The command of a daemon; `kubernetes` is the program with all parts in it. */
export function commandOf(daemon: Daemon, kubernetes: string): string[] {
  if (daemon === 'containerd') return ['containerd', '--config', SETTINGS.containerd];
  const flags = Object.entries(FLAGS[daemon]()).map(([name, value]) => `--${name}=${value}`);
  return [kubernetes, daemon, ...flags];
}

type Flags = Readonly<Record<string, string | number | boolean>>;

const FLAGS: Record<Exclude<Daemon, 'containerd'>, () => Flags> = {
  etcd: etcdFlags,
  'kube-apiserver': apiServerFlags,
  'kube-controller-manager': controllerManagerFlags,
  'kube-scheduler': () => ({ ...componentFlags('kube-scheduler') }),
  kubelet: kubeletFlags,
  'kube-proxy': () => ({ config: SETTINGS.kubeProxy, 'hostname-override': NODE_NAME }),
};

const ETCD = `https://127.0.0.1:${PORT.etcd}`;

function etcdFlags(): Flags {
  const peer = `http://127.0.0.1:${PORT.etcdPeer}`;
  return {
    name: 'lab',
    'data-dir': STATE.etcd,
    'listen-client-urls': ETCD,
    'advertise-client-urls': ETCD,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `lab=${peer}`,
    'cert-file': certificateFile('etcd'),
    'key-file': keyFile('etcd'),
    'trusted-ca-file': certificateFile('ca'),
    'client-cert-auth': true,
    // Nothing here has to outlive a power cut, and syncing is most of what etcd waits for.
    'unsafe-no-fsync': true,
    'log-level': 'warn',
  };
}

function apiServerFlags(): Flags {
  const ownPair = ['kube-apiserver-kubelet-client', 'front-proxy-client'] as const;
  return {
    'advertise-address': NETWORK.nodeIp,
    'secure-port': PORT.apiServer,
    'service-cluster-ip-range': NETWORK.services,
    'allow-privileged': true,
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'client-ca-file': certificateFile('ca'),
    'tls-cert-file': certificateFile('kube-apiserver'),
    'tls-private-key-file': keyFile('kube-apiserver'),
    'etcd-servers': ETCD,
    'etcd-cafile': certificateFile('ca'),
    'etcd-certfile': certificateFile(ownPair[0]),
    'etcd-keyfile': keyFile(ownPair[0]),
    'kubelet-certificate-authority': certificateFile('ca'),
    'kubelet-client-certificate': certificateFile(ownPair[0]),
    'kubelet-client-key': keyFile(ownPair[0]),
    // The node's name is in nobody's DNS.
    'kubelet-preferred-address-types': 'InternalIP,Hostname',
    'service-account-issuer': `https://kubernetes.default.svc.${NETWORK.domain}`,
    'service-account-key-file': keyFile('service-account'),
    'service-account-signing-key-file': keyFile('service-account'),
    'requestheader-client-ca-file': certificateFile('front-proxy-ca'),
    'requestheader-allowed-names': ownPair[1],
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'proxy-client-cert-file': certificateFile(ownPair[1]),
    'proxy-client-key-file': keyFile(ownPair[1]),
    'enable-aggregator-routing': true,
  };
}

function controllerManagerFlags(): Flags {
  return {
    ...componentFlags('kube-controller-manager'),
    'use-service-account-credentials': true,
    'root-ca-file': certificateFile('ca'),
    'service-account-private-key-file': keyFile('service-account'),
    'cluster-signing-cert-file': certificateFile('ca'),
    'cluster-signing-key-file': keyFile('ca'),
    'allocate-node-cidrs': true,
    'cluster-cidr': NETWORK.pods,
    'service-cluster-ip-range': NETWORK.services,
    'flex-volume-plugin-dir': join(STATE.kubelet, 'volume-plugins'),
  };
}

function componentFlags(component: 'kube-controller-manager' | 'kube-scheduler'): Flags {
  const kubeconfig = kubeconfigFile(component);
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'leader-elect': false,
  };
}

function kubeletFlags(): Flags {
  return {
    config: SETTINGS.kubelet,
    kubeconfig: kubeconfigFile('kubelet'),
    'hostname-override': NODE_NAME,
    'node-ip': NETWORK.nodeIp,
    'root-dir': STATE.kubelet,
  };
}
