import {
  ANNOTATION,
  type EndpointSlice,
  type EndpointSliceEndpoint,
  type ExternalWorkload,
  type KubeObject,
  LABEL,
  type Node,
  type Pod,
  parsePortSet,
  type Server,
  type Service,
  type ServicePort,
  type ServiceProfile,
} from '#lib/resources';
import { createClusterIndex } from './core/cluster-index.ts';
import { type ClusterView, createClusterView } from './core/cluster-view.ts';
import type { DestinationSettings } from './core/settings.ts';

/** A small shop for the tests of this service: objects as a cluster would hold them. */
const NAMESPACE = 'shop';

export const SETTINGS: DestinationSettings = {
  controllerNamespace: 'linkerd',
  trustDomain: 'mesh.local',
  clusterDomain: 'cluster.local',
  defaultOpaquePorts: parsePortSet('25,587,3306,4444,5432,6379,9300,11211'),
  enableH2Upgrade: true,
  enableIpv6: true,
  forceOpaqueTransport: false,
  zoneWeights: false,
};

type Text = Readonly<Record<string, string>>;

export function buildService(
  name: string,
  {
    ports = [{ port: 80 }],
    annotations,
    ...spec
  }: { ports?: readonly ServicePort[]; annotations?: Text } & Partial<Service['spec']> = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE, ...(annotations && { annotations }) },
    spec: { ports, ...spec },
  };
}

export interface PodOptions {
  readonly meshed?: boolean;
  readonly controlPlane?: string;
  readonly annotations?: Text;
  readonly labels?: Text;
  readonly nodeName?: string;
  readonly serviceAccount?: string;
  readonly env?: Text;
  readonly spec?: Partial<Pod['spec']>;
  readonly status?: Pod['status'];
  readonly ownerReferences?: Pod['metadata']['ownerReferences'];
}

const PROXY_ENV: Text = {
  LINKERD2_PROXY_INBOUND_LISTEN_ADDR: '0.0.0.0:4143',
  LINKERD2_PROXY_ADMIN_LISTEN_ADDR: '0.0.0.0:4191',
  LINKERD2_PROXY_CONTROL_LISTEN_ADDR: '0.0.0.0:4190',
};

/** A meshed pod unless said otherwise. */
export function buildPod(name: string, ip: string, options: PodOptions = {}): Pod {
  const { meshed = true, controlPlane = 'linkerd', annotations, labels, env = PROXY_ENV } = options;
  const proxy = {
    name: 'linkerd-proxy',
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { app: 'web', ...(meshed && { [LABEL.controlPlaneNs]: controlPlane }), ...labels },
      ...(annotations && { annotations }),
      ...(options.ownerReferences && { ownerReferences: options.ownerReferences }),
    },
    spec: {
      serviceAccountName: options.serviceAccount ?? 'web',
      ...(options.nodeName !== undefined && { nodeName: options.nodeName }),
      initContainers: meshed ? [proxy] : [],
      containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }] }],
      ...options.spec,
    },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], hostIP: '10.9.0.1', ...options.status },
  };
}

/** An endpoint of a slice, for a pod unless `targetRef` says otherwise. */
export function buildEndpoint(
  pod: string,
  ip: string,
  more: Partial<EndpointSliceEndpoint> = {},
): EndpointSliceEndpoint {
  return { addresses: [ip], targetRef: { kind: 'Pod', name: pod, namespace: NAMESPACE }, ...more };
}

export function buildSlice(
  service: string,
  endpoints: readonly EndpointSliceEndpoint[],
  more: Partial<EndpointSlice> & { name?: string; annotations?: Text; labels?: Text } = {},
): EndpointSlice {
  const { name = `${service}-1`, annotations, labels, ...rest } = more;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { [LABEL.serviceName]: service, ...labels },
      ...(annotations && { annotations }),
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints,
    ...rest,
  };
}

export function buildServer(name: string, spec: Partial<Server['spec']> = {}): Server {
  return {
    apiVersion: 'policy.linkerd.io/v1beta3',
    kind: 'Server',
    metadata: { name, namespace: NAMESPACE },
    spec: { podSelector: { matchLabels: { app: 'web' } }, port: 8080, proxyProtocol: 'opaque', ...spec },
  };
}

export function buildNode(name: string, zone: string): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { [LABEL.zone]: zone } } };
}

export function buildServiceProfile(
  service: string,
  spec: ServiceProfile['spec'],
  namespace = NAMESPACE,
): ServiceProfile {
  return {
    apiVersion: 'linkerd.io/v1alpha2',
    kind: 'ServiceProfile',
    metadata: { name: `${service}.${NAMESPACE}.svc.cluster.local`, namespace },
    ...(spec && { spec }),
  };
}

export function buildExternalWorkload(
  name: string,
  ip: string,
  more: { ports?: ExternalWorkload['spec']['ports']; annotations?: Text; labels?: Text } = {},
): ExternalWorkload {
  return {
    apiVersion: 'workload.linkerd.io/v1beta1',
    kind: 'ExternalWorkload',
    metadata: { name, namespace: NAMESPACE, ...more },
    spec: {
      meshTLS: { identity: `spiffe://mesh.local/${name}`, serverName: `${name}.mesh.local` },
      ports: more.ports ?? [{ name: 'http', port: 8080 }],
      workloadIPs: [{ ip }],
    },
  };
}

export function opaquePorts(ports: string): Text {
  return { [ANNOTATION.opaquePorts]: ports };
}

/** A view over these objects. */
export function viewOf(...objects: readonly KubeObject[]): ClusterView {
  const index = createClusterIndex();
  for (const object of objects) index.replace(undefined, object);
  return createClusterView(index.lookup);
}
