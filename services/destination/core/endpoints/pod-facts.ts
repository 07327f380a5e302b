import {
  ANNOTATION,
  containerPortNames,
  type Pod,
  type PortNames,
  type PortSet,
  readPortSet,
} from '#lib/resources';

/** What a pod's annotations and its proxy's environment say, read once for each version of the pod. */
export interface PodFacts {
  readonly portNames: PortNames;
  /** Undefined where the pod has no such annotation and the default list counts. */
  readonly opaquePorts: PortSet | undefined;
  readonly skipInboundPorts: PortSet;
  /** Where its proxy listens; undefined where its environment does not say. */
  readonly inboundPort: number | undefined;
  /** The ports of its proxy's own servers. */
  readonly metaPorts: ReadonlySet<number>;
}

const PROXY_CONTAINER = 'linkerd-proxy';
const factsOf = new WeakMap<Pod, PodFacts>();

export function readPodFacts(pod: Pod): PodFacts {
  const known = factsOf.get(pod);
  if (known !== undefined) return known;
  const facts = computePodFacts(pod);
  factsOf.set(pod, facts);
  return facts;
}

function computePodFacts({ metadata, spec }: Pod): PodFacts {
  const portNames = containerPortNames(spec);
  const opaque = metadata.annotations?.[ANNOTATION.opaquePorts];
  const skipped = metadata.annotations?.[ANNOTATION.skipInboundPorts] ?? '';
  const portOf = readListenPorts(spec);
  const metaPorts = [
    portOf('LINKERD2_PROXY_ADMIN_LISTEN_ADDR'),
    portOf('LINKERD2_PROXY_CONTROL_LISTEN_ADDR'),
  ];
  return {
    portNames,
    opaquePorts: opaque === undefined ? undefined : readPortSet(opaque, portNames).ports,
    skipInboundPorts: readPortSet(skipped, portNames).ports,
    inboundPort: portOf('LINKERD2_PROXY_INBOUND_LISTEN_ADDR'),
    metaPorts: new Set(metaPorts.filter((port) => port !== undefined)),
  };
}

function readListenPorts(spec: Pod['spec']): (name: string) => number | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const env = containers.find(({ name }) => name === PROXY_CONTAINER)?.env ?? [];
  return (name) => {
    const address = env.find((entry) => entry.name === name)?.value ?? '';
    const port = Number(/:(\d{1,5})$/.exec(address)?.[1]);
    return port >= 1 && port <= 65_535 ? port : undefined;
  };
}
