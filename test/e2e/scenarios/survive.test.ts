import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject, Pod } from '#lib/resources';
import { type AccountReader, type Observation, observe, reportLoad } from '../../support/load.ts';
import { waitUntil } from '../../support/waiting.ts';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { expectSuccess, MESH_NAMESPACE } from '../mesh/helm.ts';
import { startLoad, stopLoad } from '../mesh/load.ts';
import { COMPONENTS, CONTROL_PLANE, type Mesh, takeMesh, waitForControlPlane } from '../mesh/mesh.ts';

const OBSERVED_MS = 30_000;
const LEAST_RATE = 200;
const HA_FILE = new URL('../../../values/ha.yaml', import.meta.url).pathname;
const HA_REPLICAS = 3;
const WEBHOOK = 'linkerd-proxy-injector-webhook-config';
const SECRET = 'linkerd-proxy-injector-k8s-tls';

describe('under 250 requests a second', () => {
  let cluster: Cluster;
  let mesh: Mesh;
  let load: AccountReader;

  beforeAll(async () => {
    cluster = await takeCluster();
    mesh = await takeMesh(cluster);
    load = await startLoad(cluster);
  });
  afterAll(() => stopLoad(cluster));

  const podsOf = async (component: string) => {
    const pods = await cluster.kubectl.list<Pod>('pods', {
      namespace: MESH_NAMESPACE,
      selector: `linkerd.io/control-plane-component=${component}`,
    });
    // One that is on its way out already may be gone before anybody can ask for it.
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };

  it.each(COMPONENTS)('a deleted pod of %s is missed by nobody', async (component) => {
    const seen = await observe(load, OBSERVED_MS, async () => {
      const [pod] = await podsOf(component);
      await cluster.kubectl.delete('pod', pod?.metadata.name ?? '', { namespace: MESH_NAMESPACE });
      await waitForControlPlane(cluster);
    });
    expectNoFailure(`deleted ${component}`, seen);
  });

  it('an API server that restarts is missed by nobody', async () => {
    const seen = await observe(load, OBSERVED_MS, async () => {
      await cluster.lab.restartApiServer();
      await waitForControlPlane(cluster);
    });
    expectNoFailure('restarted API server', seen);
  });

  it('the minted Secret comes back, and the caBundle', async () => {
    const { kubectl } = cluster;
    const readBundle = async () => {
      const { webhooks } = await kubectl.get<KubeObject & Webhooks>('mutatingwebhookconfiguration', WEBHOOK);
      return webhooks[0]?.clientConfig.caBundle ?? '';
    };
    const seen = await observe(load, OBSERVED_MS, async () => {
      await kubectl.delete('secret', SECRET, { namespace: MESH_NAMESPACE });
      await waitUntil('the Secret is back', async () => {
        const { metadata } = await kubectl.get('secret', SECRET, { namespace: MESH_NAMESPACE });
        return metadata.name === SECRET;
      });
      const patch = [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: 'Cg==' }];
      const args = ['patch', 'mutatingwebhookconfiguration', WEBHOOK, '--type=json'];
      await kubectl([...args, '-p', JSON.stringify(patch)]);
      await waitUntil('the caBundle is back', async () => (await readBundle()).length > 100);
    });
    expectNoFailure('deleted Secret, cleared caBundle', seen);
  });

  it('in HA the replicas may be evicted one by one', async () => {
    const { helm, values } = mesh;
    const flags = ['--set', 'enablePodAntiAffinity=false', '--wait', '--timeout=4m'];
    const release = { name: CONTROL_PLANE, chart: CONTROL_PLANE, values, flags };
    expectSuccess(await helm.upgrade({ ...release, files: [HA_FILE] }));
    await waitForControlPlane(cluster, COMPONENTS.length * HA_REPLICAS);
    const seen = await observe(load, OBSERVED_MS, async () => {
      for (const component of COMPONENTS) {
        for (const pod of await podsOf(component)) await evict(pod);
      }
    });
    expectNoFailure('evicted every replica of the control plane', seen);
    expectSuccess(await helm.upgrade({ ...release, flags: ['--wait', '--timeout=4m'] }));
    await waitForControlPlane(cluster);
  });

  /** As `kubectl drain` does: asks until the disruption budget allows it, and waits for the replacement. */
  async function evict({ metadata }: Pod): Promise<void> {
    const { name, namespace } = metadata;
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
    await waitUntil(
      `${name} may be evicted`,
      async () => {
        await cluster.kubectl(['create', '--raw', path, '-f', '-'], { input: JSON.stringify(eviction) });
        return true;
      },
      90_000,
    );
    await waitForControlPlane(cluster, COMPONENTS.length * HA_REPLICAS);
  }
});

interface Webhooks {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

function expectNoFailure(what: string, seen: Observation): void {
  reportLoad(what, seen);
  expect(seen.failures).toEqual([]);
  expect(seen.sent / (seen.durationMs / 1000)).toBeGreaterThan(LEAST_RATE);
}
