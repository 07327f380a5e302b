import type { Container, Pod } from '#lib/resources';

/**
 * The paths of the HTTP probes of a pod by port, without repeats, in the order of its containers (init
 * containers first). Source: facts sheet control-plane, section 3.1.
 */
export function listProbePaths(spec: Pod['spec']): ReadonlyMap<number, readonly string[]> {
  const paths = new Map<number, Set<string>>();
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
      if (probe?.httpGet === undefined) continue;
      const port = findPort(container, probe.httpGet.port);
      if (port === undefined) continue;
      const known = paths.get(port) ?? new Set();
      paths.set(port, known.add(normalizePath(probe.httpGet.path)));
    }
  }
  return new Map([...paths].map(([port, set]) => [port, [...set]]));
}

/** A probe may name a port of its own container. */
function findPort(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  return container.ports?.find((candidate) => candidate.name === port)?.containerPort;
}

/** Requests are matched by path alone, so the query goes. */
function normalizePath(path: string | undefined): string {
  const bare = (path ?? '').split('?', 1)[0] ?? '';
  return bare.startsWith('/') ? bare : `/${bare}`;
}
