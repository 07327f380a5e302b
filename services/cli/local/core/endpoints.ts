import {
  apiVersionOf,
  ENDPOINT_SLICES,
  type EndpointSlice,
  type EndpointSliceEndpoint,
  LABEL,
  type Pod,
  type Service,
  type ServicePort,
} from '#lib/resources';
import { hashName, keyOf, stringifySorted } from './names.ts';

type SlicePort = NonNullable<EndpointSlice['ports']>[number];

/**
 * The EndpointSlices of a Service: one for each set of resolved ports, because a named target port may be
 * another number in another pod. Pods that don't have a named port are left out of it.
 * Source: kubernetes.io, EndpointSlices.
 */
export function buildEndpointSlices(service: Service, pods: readonly Pod[]): readonly EndpointSlice[] {
  const selector = Object.entries(service.spec.selector ?? {});
  if (selector.length === 0 || service.spec.type === 'ExternalName') return [];
  const selected = pods.filter(
    (pod) =>
      pod.metadata.namespace === service.metadata.namespace &&
      pod.status?.podIP !== undefined &&
      selector.every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  const groups = new Map<string, { ports: readonly SlicePort[]; pods: Pod[] }>();
  for (const pod of selected) {
    const ports = (service.spec.ports ?? []).flatMap((port) => resolvePort(port, pod));
    const key = stringifySorted(ports);
    const group = groups.get(key) ?? { ports, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => buildSlice(service, group));
}

function buildSlice(
  service: Service,
  group: { ports: readonly SlicePort[]; pods: readonly Pod[] },
): EndpointSlice {
  const { name, namespace } = service.metadata;
  return {
    apiVersion: apiVersionOf(ENDPOINT_SLICES),
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${hashName(group.ports, 5)}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...service.metadata.labels,
        [LABEL.serviceName]: name,
        'endpointslice.kubernetes.io/managed-by': 'linkerd-local',
      },
    },
    addressType: 'IPv4',
    endpoints: group.pods.map((pod) => buildEndpoint(service, pod)),
    ports: group.ports,
  };
}

function buildEndpoint(service: Service, pod: Pod): EndpointSliceEndpoint {
  const { hostname, subdomain, nodeName } = pod.spec;
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = (serving && !terminating) || service.spec.publishNotReadyAddresses === true;
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: { kind: 'Pod', name: pod.metadata.name, namespace: pod.metadata.namespace ?? 'default' },
  };
}

function resolvePort(port: ServicePort, pod: Pod): SlicePort[] {
  const target = port.targetPort ?? port.port;
  const number = typeof target === 'number' ? target : findContainerPort(pod, target);
  if (number === undefined) return [];
  return [
    {
      name: port.name ?? '',
      protocol: port.protocol ?? 'TCP',
      port: number,
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    },
  ];
}

/** The number of a named port: of the containers, then of the sidecars. A number in quotes is a number. */
export function findContainerPort(pod: Pick<Pod, 'spec'>, name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  for (const container of containers) {
    const found = container.ports?.find((port) => port.name === name);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

export function isReady(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
    false
  );
}

/** Slices grouped by the `ns/name` of their Service. */
export function groupByService(
  slices: readonly EndpointSlice[],
): ReadonlyMap<string, readonly EndpointSlice[]> {
  return Map.groupBy(slices, (slice) =>
    keyOf({ metadata: { ...slice.metadata, name: slice.metadata.labels?.[LABEL.serviceName] ?? '' } }),
  );
}
