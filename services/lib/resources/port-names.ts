import type { PodSpec, Service } from './core.ts';
import type { PortNames } from './port-set.ts';

/** The named ports of a pod's containers, init containers (native sidecars) included. */
export function containerPortNames(spec: Pick<PodSpec, 'containers' | 'initContainers'>): PortNames {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return indexNames(
    containers.flatMap((container) =>
      (container.ports ?? []).map((port) => ({ name: port.name, port: port.containerPort })),
    ),
  );
}

/** The named ports of a Service. */
export function servicePortNames(spec: Service['spec']): PortNames {
  return indexNames((spec.ports ?? []).map(({ name, port }) => ({ name, port })));
}

function indexNames(ports: readonly { name: string | undefined; port: number }[]): PortNames {
  const names = new Map<string, number[]>();
  for (const { name, port } of ports) {
    if (name === undefined) continue;
    const known = names.get(name);
    if (known === undefined) names.set(name, [port]);
    else if (!known.includes(port)) known.push(port);
  }
  return names;
}
