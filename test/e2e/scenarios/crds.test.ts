import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { expectSuccess } from '../mesh/helm.ts';
import { CRDS, takeMesh } from '../mesh/mesh.ts';

const FIXTURES = new URL('../../fixtures/crds/', import.meta.url).pathname;
const DOCUMENTS = /^---\n/m;
const GATEWAY_CRDS = ['http', 'grpc', 'tls', 'tcp'].map((kind) => `${kind}routes.gateway.networking.k8s.io`);
/** Nothing is kept. */
const DRY_RUN = ['apply', '--server-side', '--dry-run=server', '-f', '-'];

function readDocuments(folder: 'good' | 'bad'): readonly [name: string, text: string][] {
  return readdirSync(join(FIXTURES, folder)).flatMap((file) => {
    const documents = readFileSync(join(FIXTURES, folder, file), 'utf8').split(DOCUMENTS);
    const kept = documents.filter((text) => text.trim() !== '');
    return kept.map((text, i): [string, string] => [`${file} ${i + 1}`, text]);
  });
}

describe('the custom resources, as the API server takes them', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await takeCluster();
    const { helm } = await takeMesh(cluster);
    expectSuccess(await helm.upgrade({ name: CRDS, chart: CRDS, values: { installGatewayAPI: true } }));
  });
  // Helm keeps what belongs to everybody.
  afterAll(() => cluster.kubectl(['delete', 'crd', ...GATEWAY_CRDS]));

  it.each(readDocuments('good'))('%s is accepted', async (_, input) => {
    expect(await cluster.kubectl(DRY_RUN, { input })).toContain('(server dry run)');
  });

  it.each(readDocuments('bad'))('%s is refused, saying why', async (_, input) => {
    const wanted = /^# *says: *(.+)$/m.exec(input)?.[1] ?? 'a line "# says:" is missing';
    await expect(cluster.kubectl(DRY_RUN, { input })).rejects.toThrow(wanted);
  });
});
