import type { KubeObject } from '#lib/resources';
import { type LocalMesh, podIp } from './local-mesh.ts';
import { buildWorkload } from './manifests.ts';
import type { RawTarget } from './raw-connection.ts';

const PORT = 9000;

/** A meshed pod that lends its network to a test (test/support/pods/relay.ts), named `client` unless told otherwise. */
export function buildRelay(
  name = 'client',
  annotations: Readonly<Record<string, string>> = {},
): readonly KubeObject[] {
  return buildWorkload({
    name,
    program: 'relay.ts',
    env: { PORT: `${PORT}` },
    readyPort: PORT,
    annotations: { ...annotations, 'config.linkerd.io/skip-inbound-ports': `${PORT}` },
  });
}

/** A port of a Service, as the relay's pod reaches it: through its proxy. */
export function throughRelay(
  mesh: LocalMesh,
  {
    service,
    port,
    relay = 'client',
  }: { readonly service: string; readonly port: number; readonly relay?: string },
): RawTarget {
  return { host: mesh.clusterIp(service), port, via: { host: podIp(mesh.pod(relay)), port: PORT } };
}
