import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '#lib/resources';
import { type AccountReader, observe, reportLoad } from '../../support/load.ts';
import { waitUntil } from '../../support/waiting.ts';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { readProxyMetrics, sum } from '../mesh/asking.ts';
import { expectSuccess } from '../mesh/helm.ts';
import { LOAD_NAMESPACE, startLoad, stopLoad } from '../mesh/load.ts';
import { CONTROL_PLANE, type Mesh, takeMesh, waitForControlPlane } from '../mesh/mesh.ts';

const OBSERVED_MS = 30_000;
const SHORT_LIVED = ['--set', 'identity.issuer.issuanceLifetime=60s,identity.issuer.clockSkewAllowance=5s'];

describe('certificates that live for a minute', () => {
  let cluster: Cluster;
  let mesh: Mesh;
  let load: AccountReader;

  const upgrade = async (flags: readonly string[]) => {
    const release = { name: CONTROL_PLANE, chart: CONTROL_PLANE, values: mesh.values };
    expectSuccess(await mesh.helm.upgrade({ ...release, flags: ['--wait', ...flags] }));
    await waitForControlPlane(cluster);
  };

  beforeAll(async () => {
    cluster = await takeCluster();
    mesh = await takeMesh(cluster);
    await upgrade(SHORT_LIVED);
    load = await startLoad(cluster);
  });
  afterAll(async () => {
    await stopLoad(cluster);
    await upgrade([]);
  });

  it('are renewed under load in every pod, and no request fails', async () => {
    const pods = await cluster.kubectl.list<Pod>('pods', { namespace: LOAD_NAMESPACE });
    const countRenewals = () =>
      Promise.all(
        pods.map(async (pod) =>
          sum(await readProxyMetrics(pod), 'control_identity_cert_refreshes_total', { result: 'ok' }),
        ),
      );
    const before = await countRenewals();
    const seen = await observe(load, OBSERVED_MS, () =>
      waitUntil(
        'all have renewed',
        async () => (await countRenewals()).every((count, at) => count > (before[at] ?? 0)),
        90_000,
      ),
    );
    reportLoad(`renewal of ${pods.length} certificates`, seen);
    expect(seen.failures).toEqual([]);
    expect(seen.newConnections).toBeGreaterThan(100);
  });
});
