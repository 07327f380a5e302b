import { ANNOTATION, type Container, type Namespace, type Pod, type Service } from '#lib/resources';
import { allContainers, parsePortRange, splitList } from './ports.ts';

export interface OpaquePortsContext {
  readonly namespace: Namespace;
  /** The mesh's default list, `proxy.opaquePorts`. */
  readonly defaultPorts: string;
}

/**
 * The opaque-ports annotation that an object without one gets: the namespace's, else the defaults that it
 * exposes. Undefined when it has one already, or when nothing applies. Source: facts sheet injection, section 6.
 */
export function defaultOpaquePorts(object: Pod | Service, context: OpaquePortsContext): string | undefined {
  if (object.metadata.annotations?.[ANNOTATION.opaquePorts] !== undefined) return undefined;
  const inherited = context.namespace.metadata.annotations?.[ANNOTATION.opaquePorts];
  if (inherited !== undefined) return inherited;
  const defaults = new Set(splitList(context.defaultPorts));
  const ports = isPod(object) ? listPodPorts(object) : listServicePorts(object, defaults);
  const opaque = [...new Set(ports)].filter((port) => defaults.has(port));
  return opaque.length === 0 ? undefined : opaque.join(',');
}

function isPod(object: Pod | Service): object is Pod {
  return object.kind === 'Pod';
}

function listPodPorts(pod: Pod): string[] {
  return allContainers(pod.spec).flatMap((container) =>
    (container.ports ?? []).map((port) => String(port.containerPort)),
  );
}

/** A port counts by its target where it has one; the annotation then names the Service's own port. */
function listServicePorts(service: Service, defaults: Set<string>): string[] {
  const ports: string[] = [];
  for (const { port, targetPort } of service.spec.ports ?? []) {
    const target = targetPort === undefined || targetPort === 0 ? port : targetPort;
    if (typeof target === 'number' && defaults.has(String(target))) {
      defaults.add(String(port));
      ports.push(String(port));
    }
  }
  return ports;
}

/**
 * The list with names of container ports replaced by their numbers, as the proxy reads it. Items that are
 * neither ports, ranges nor names come back in `unknown` and are left out.
 */
export function resolveOpaquePorts(
  list: string,
  containers: readonly Container[],
): { readonly ports: string; readonly unknown: readonly string[] } {
  const ports: string[] = [];
  const unknown: string[] = [];
  for (const item of splitList(list)) {
    if (parsePortRange(item) !== undefined) {
      ports.push(item);
      continue;
    }
    const named = containers.flatMap((c) => c.ports ?? []).filter((port) => port.name === item);
    if (named.length === 0) unknown.push(item);
    ports.push(...named.map((port) => String(port.containerPort)));
  }
  return { ports: ports.join(','), unknown };
}
