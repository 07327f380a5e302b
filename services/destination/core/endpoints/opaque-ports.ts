import {
  ANNOTATION,
  type ExternalWorkload,
  matchesSelector,
  type Pod,
  type PortSet,
  readPortSet,
  type Server,
  type Service,
  servicePortNames,
} from '#lib/resources';
import { readPodFacts } from './pod-facts.ts';

/** Whether a pod's port is opaque: by its annotation (else the default list), or by a Server. */
export function isPodPortOpaque(
  pod: Pod,
  port: number,
  { servers, defaultPorts }: { servers: readonly Server[]; defaultPorts: PortSet },
): boolean {
  const { opaquePorts, portNames } = readPodFacts(pod);
  return (
    (opaquePorts ?? defaultPorts).has(port) ||
    servers.some(
      ({ spec }) =>
        spec.proxyProtocol === 'opaque' &&
        spec.podSelector !== undefined &&
        matchesSelector(spec.podSelector, pod.metadata.labels) &&
        (spec.port === port || (portNames.get(String(spec.port))?.includes(port) ?? false)),
    )
  );
}

/** The same for an external workload. */
export function isWorkloadPortOpaque(
  { metadata, spec: { ports = [] } }: ExternalWorkload,
  port: number,
  { servers, defaultPorts }: { servers: readonly Server[]; defaultPorts: PortSet },
): boolean {
  const names = new Map(ports.flatMap(({ name, port: number }) => (name ? [[name, [number]] as const] : [])));
  const annotation = metadata.annotations?.[ANNOTATION.opaquePorts];
  const opaquePorts = annotation === undefined ? defaultPorts : readPortSet(annotation, names).ports;
  return (
    opaquePorts.has(port) ||
    servers.some(
      ({ spec }) =>
        spec.proxyProtocol === 'opaque' &&
        spec.externalWorkloadSelector !== undefined &&
        matchesSelector(spec.externalWorkloadSelector, metadata.labels) &&
        (spec.port === port || (names.get(String(spec.port))?.includes(port) ?? false)),
    )
  );
}

/** Whether a Service's port is opaque: by its annotation, else the default list. */
export function isServicePortOpaque(
  { metadata, spec }: Service,
  port: number,
  defaultPorts: PortSet,
): boolean {
  const annotation = metadata.annotations?.[ANNOTATION.opaquePorts];
  if (annotation === undefined) return defaultPorts.has(port);
  return readPortSet(annotation, servicePortNames(spec)).ports.has(port);
}
