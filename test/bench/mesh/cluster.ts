import { type InjectValues, injectPod } from '#lib/inject';
import type { EndpointSlice, KubeObject, Namespace, Pod, Service, ServiceAccount } from '#lib/resources';
import { LABEL } from '#lib/resources';
import { controlPlaneDefaults } from '../../../synth/index.ts';
import { APP_PORT } from '../app.ts';
import { ADDRESS, CLUSTER_IP } from '../arena.ts';

export const NAMESPACE = 'bench';
export type Side = 'client' | 'server';

/** The cluster that the control plane sees: two injected pods, and a Service in front of one of them. */
export interface BenchCluster {
  readonly pods: Readonly<Record<Side, Pod>>;
  /** With the pods' annotations applied, for what has to be run beside each of them. */
  readonly values: Readonly<Record<Side, InjectValues>>;
  readonly objects: readonly KubeObject[];
}

/** The app's ports, by the names that Service and slice share. */
const PORTS = Object.entries(APP_PORT).map(([name, port]) => ({ name, port, protocol: 'TCP' as const }));
const OPAQUE = { 'config.linkerd.io/opaque-ports': String(APP_PORT.tcp) };

export function buildCluster(trustAnchorsPem: string): BenchCluster {
  const values = {
    ...controlPlaneDefaults(),
    controlPlaneNamespace: 'linkerd',
    identityTrustAnchorsPEM: trustAnchorsPem,
  };
  const namespace: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, annotations: { 'linkerd.io/inject': 'enabled' } },
  };
  const inject = (side: Side) => injectPod({ pod: buildPod(side), namespace, values });
  const [client, server] = [inject('client'), inject('server')];
  const accounts = (['client', 'server'] as const).map(buildServiceAccount);
  const objects = [namespace, ...accounts, client.pod, server.pod, buildService(), buildSlice()];
  return {
    pods: { client: client.pod, server: server.pod },
    values: { client: client.values, server: server.values },
    objects,
  };
}

function metadata(name: string): { name: string; namespace: string } {
  return { name, namespace: NAMESPACE };
}

function buildServiceAccount(side: Side): ServiceAccount {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(side) };
}

function buildPod(side: Side): Pod {
  const isServer = side === 'server';
  const ip = ADDRESS[side];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata(side), labels: { app: side }, ...(isServer ? { annotations: OPAQUE } : {}) },
    spec: {
      serviceAccountName: side,
      nodeName: NAMESPACE,
      containers: [
        {
          name: side,
          image: 'bench:local',
          ports: isServer ? PORTS.map(({ name, port }) => ({ name, containerPort: port })) : [],
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

function buildService(): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata('app'), annotations: OPAQUE },
    spec: {
      type: 'ClusterIP',
      clusterIP: CLUSTER_IP,
      clusterIPs: [CLUSTER_IP],
      selector: { app: 'server' },
      ports: PORTS.map(({ name, port }) => ({ name, port, targetPort: port, protocol: 'TCP' })),
    },
  };
}

function buildSlice(): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata('app-1'), labels: { [LABEL.serviceName]: 'app' } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: [ADDRESS.server],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: NAMESPACE,
        targetRef: { kind: 'Pod', ...metadata('server') },
      },
    ],
    ports: PORTS,
  };
}
