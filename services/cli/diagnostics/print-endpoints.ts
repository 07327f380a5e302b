import { MeshError } from '#lib/base';
import { LABEL } from '#lib/resources';
import { DESTINATION_PORT } from '../../destination/contract.ts';
import { type Mesh, openMesh } from '../mesh/open-mesh.ts';
import { type Output, printJson } from '../output/output.ts';
import { renderTable } from '../output/table.ts';
import type { EndpointRow } from './endpoint-rows.ts';
import { fetchEndpoints } from './fetch-endpoints.ts';

export interface EndpointFlags {
  readonly name: string;
  readonly destinationPod?: string;
  readonly token?: string;
  readonly output: string;
}

const AUTHORITY = /^[^\s:]+:\d{1,5}$/;

/** Prints the endpoints that proxies get for authorities such as `web.shop.svc.cluster.local:8080`. */
export async function printEndpoints(
  authorities: readonly string[],
  flags: EndpointFlags,
  { localDir, output }: { readonly localDir: string; readonly output: Output },
): Promise<void> {
  for (const authority of authorities) checkAuthority(authority);
  const mesh = openMesh({ name: flags.name, localDir });
  const server = { host: findDestination(mesh, flags.destinationPod), port: DESTINATION_PORT };
  const rows: EndpointRow[] = [];
  for (const authority of authorities) {
    rows.push(...(await fetchEndpoints({ ...server, authority, token: flags.token ?? '' })));
  }
  if (flags.output === 'json') return printJson(output, rows);
  if (rows.length === 0) return output.stderr('No endpoints found.\n');
  const cells = rows.map(({ namespace, ip, port, pod, service }) => [namespace, ip, `${port}`, pod, service]);
  output.stdout(renderTable(['NAMESPACE', 'IP', 'PORT', 'POD', 'SERVICE'], cells));
}

function checkAuthority(authority: string): void {
  if (AUTHORITY.test(authority)) return;
  throw new MeshError(
    'AUTHORITY_INVALID',
    `the authority ${JSON.stringify(authority)} is not valid: give HOST:PORT, such as web.shop.svc.cluster.local:8080`,
  );
}

/** The address of a running destination pod. */
function findDestination({ instance, pods }: Mesh, wanted: string | undefined): string {
  const candidates = pods.filter(
    (pod) =>
      pod.namespace === instance.controlPlaneNamespace &&
      pod.labels[LABEL.controlPlaneComponent] === 'destination' &&
      pod.phase === 'Running' &&
      (wanted === undefined || pod.name === wanted),
  );
  const [found] = candidates;
  if (found !== undefined) return found.ip;
  const which = wanted === undefined ? 'no destination pod runs' : `no destination pod named ${wanted} runs`;
  throw new MeshError(
    'DESTINATION_NOT_FOUND',
    `${which} in namespace ${instance.controlPlaneNamespace}: see "linkerd local status"`,
  );
}
