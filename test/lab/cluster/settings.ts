import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTAINERD_SOCKET, HOST_NAME, IMAGE, NETWORK, STATE } from '../config.ts';
import { certificateFile, keyFile, kubeconfigFile } from './pki.ts';

/** Where Debian's containernetworking-plugins puts its programs. */
export const CNI_PLUGINS = '/usr/lib/cni';

const RUNC = 'plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc';

/** The first makes /opt/containerd on the machine; the others look for file systems that this has not. */
const UNUSED_PLUGINS = [
  'internal.v1.opt',
  'snapshotter.v1.aufs',
  'snapshotter.v1.btrfs',
  'snapshotter.v1.zfs',
];

/** Paths of the settings that daemons read. */
export const SETTINGS = {
  containerd: join(STATE.settings, 'containerd.toml'),
  kubelet: join(STATE.settings, 'kubelet.json'),
  kubeProxy: join(STATE.settings, 'kube-proxy.json'),
  resolver: join(STATE.settings, 'resolv.conf'),
} as const;

export async function writeSettings(): Promise<void> {
  await Promise.all([STATE.settings, STATE.cni].map((folder) => mkdir(folder, { recursive: true })));
  const files: Record<string, string> = {
    [SETTINGS.containerd]: renderContainerd(),
    [SETTINGS.kubelet]: JSON.stringify(renderKubelet(), undefined, 2),
    [SETTINGS.kubeProxy]: JSON.stringify(renderKubeProxy(), undefined, 2),
    // For pods that ask for the node's resolver.
    [SETTINGS.resolver]: `nameserver ${NETWORK.dnsService}\n`,
    [join(STATE.cni, '10-lab.conflist')]: JSON.stringify(renderCni(), undefined, 2),
  };
  for (const [file, text] of Object.entries(files)) await writeFile(file, text);
}

/**
 * `restrict_oom_score_adj`: inside a container, root may not lower a score (CAP_SYS_RESOURCE), and without this
 * no sandbox starts.
 */
function renderContainerd(): string {
  return `version = 2
root = "${STATE.containerd}"
state = "/run/containerd"
disabled_plugins = [${UNUSED_PLUGINS.map((name) => `"io.containerd.${name}"`).join(', ')}]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IMAGE.pause}"
  disable_apparmor = true
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${CNI_PLUGINS}"
  conf_dir = "${STATE.cni}"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
[${RUNC}]
  runtime_type = "io.containerd.runc.v2"
[${RUNC}.options]
  SystemdCgroup = false
`;
}

function renderCni(): object {
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    hairpinMode: true,
    ipMasq: false,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: NETWORK.nodePods }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } };
  return { cniVersion: '0.4.0', name: 'lab', plugins: [bridge, portmap] };
}

/** Settings that a machine without systemd, with version 1 of cgroups, or with a full disk needs; harmless elsewhere. */
const TOLERANT = {
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  enforceNodeAllocatable: [],
  makeIPTablesUtilChains: false,
  // Watching gave "failed to sync configmap cache" at the start of pods.
  configMapAndSecretChangeDetectionStrategy: 'Get',
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '0%', 'imagefs.available': '0%' },
  imageGCHighThresholdPercent: 100,
} as const;

function renderKubelet(): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    ...TOLERANT,
    cgroupRoot: `/${HOST_NAME}`,
    clusterDNS: [NETWORK.dnsService],
    clusterDomain: NETWORK.domain,
    resolvConf: SETTINGS.resolver,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    volumePluginDir: join(STATE.kubelet, 'volume-plugins'),
    address: '0.0.0.0',
    authentication: { x509: { clientCAFile: certificateFile('ca') }, anonymous: { enabled: false } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificateFile('kubelet-server'),
    tlsPrivateKeyFile: keyFile('kubelet-server'),
    // Tests end pods all the time.
    shutdownGracePeriod: '0s',
    nodeStatusUpdateFrequency: '5s',
    registryPullQPS: 0,
    serializeImagePulls: false,
  };
}

function renderKubeProxy(): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clusterCIDR: NETWORK.pods,
    detectLocalMode: 'ClusterCIDR',
    clientConnection: { kubeconfig: kubeconfigFile('kube-proxy') },
    nftables: { minSyncPeriod: '0s' },
    // These settings of the kernel belong to the whole machine: left alone.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
