import type { Container, PodSpec } from '#lib/resources';

/** The items of a comma list, trimmed, empty ones left out. */
export function splitList(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Every container that runs in the pod, init containers first. */
export function allContainers(spec: PodSpec): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/**
 * The value of `LINKERD2_PROXY_INBOUND_PORTS`: container ports and numeric HTTP liveness and readiness probe
 * ports, without repeats, sorted as strings (`11211,80,9090`). Source: facts sheet injection, section 4.
 */
export function listInboundPorts(spec: PodSpec): string {
  const ports = new Set<string>();
  for (const container of allContainers(spec)) {
    for (const { containerPort } of container.ports ?? []) ports.add(String(containerPort));
    for (const probe of [container.livenessProbe, container.readinessProbe]) {
      if (typeof probe?.httpGet?.port === 'number') ports.add(String(probe.httpGet.port));
    }
  }
  return [...ports].sort().join(',');
}
