import { ANNOTATION, type Namespace, type Pod, type Service } from '#lib/resources';
import { allContainers, splitList } from './ports.ts';

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
  const defaults = readDefaults(context.defaultPorts);
  const opaque = isPod(object) ? listPodPorts(object, defaults) : listServicePorts(object, defaults);
  return opaque.length === 0 ? undefined : [...new Set(opaque)].join(',');
}

let lastList = '';
let lastPorts: ReadonlySet<string> = new Set();

/** There is one list as long as the values are the same. */
function readDefaults(list: string): ReadonlySet<string> {
  if (list !== lastList) {
    lastPorts = new Set(splitList(list));
    lastList = list;
  }
  return lastPorts;
}

function isPod(object: Pod | Service): object is Pod {
  return object.kind === 'Pod';
}

function listPodPorts(pod: Pod, defaults: ReadonlySet<string>): string[] {
  return allContainers(pod.spec)
    .flatMap((container) => (container.ports ?? []).map((port) => String(port.containerPort)))
    .filter((port) => defaults.has(port));
}

/** A port counts by its target where it has one; the annotation then names the Service's own port. */
function listServicePorts(service: Service, defaults: ReadonlySet<string>): string[] {
  return (service.spec.ports ?? [])
    .filter(({ port, targetPort }) => {
      const target = targetPort === undefined || targetPort === 0 ? port : targetPort;
      return typeof target === 'number' && defaults.has(String(target));
    })
    .map(({ port }) => String(port));
}
