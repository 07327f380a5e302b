import { beforeAll, describe, expect, it } from 'vitest';
import type { Deployment, Pod } from '#lib/resources';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { expectSuccess, MESH_NAMESPACE } from '../mesh/helm.ts';
import { CONTROL_PLANE, type Mesh, takeMesh, waitForControlPlane } from '../mesh/mesh.ts';

const LOG_LEVEL_FLAG = '-log-level=debug';

describe('a release through its life', () => {
  let cluster: Cluster;
  let mesh: Mesh;
  const release = () => ({ name: CONTROL_PLANE, chart: CONTROL_PLANE, values: mesh.values });
  const describePods = async () => {
    const pods = await waitForControlPlane(cluster);
    return pods.map((pod) => [pod.metadata.uid, countRestarts(pod)]).sort();
  };
  const readArgs = async () => {
    const deployment = await cluster.kubectl.get<Deployment>('deployment', 'linkerd-destination', {
      namespace: MESH_NAMESPACE,
    });
    return deployment.spec.template.spec.containers.flatMap(({ args = [] }) => args);
  };

  beforeAll(async () => {
    cluster = await takeCluster();
    mesh = await takeMesh(cluster);
  });

  it('the same values again change nothing', async () => {
    const before = await describePods();
    const objects = () => cluster.kubectl(['get', 'deploy,svc,cm', '-n', MESH_NAMESPACE, '-o', GENERATIONS]);
    const generations = await objects();
    expectSuccess(await mesh.helm.upgrade({ ...release(), flags: ['--wait'] }));
    expect(await describePods()).toEqual(before);
    expect(await objects()).toBe(generations);
  });

  it('a changed value rolls what it concerns, and a rollback takes it back', async () => {
    expectSuccess(
      await mesh.helm.upgrade({ ...release(), flags: ['--set', 'controllerLogLevel=debug', '--wait'] }),
    );
    await waitForControlPlane(cluster);
    expect(await readArgs()).toContain(LOG_LEVEL_FLAG);
    expectSuccess(await mesh.helm('rollback', CONTROL_PLANE, '--wait'));
    await waitForControlPlane(cluster);
    expect(await readArgs()).not.toContain(LOG_LEVEL_FLAG);
  });
});

const GENERATIONS =
  'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.generation} {.metadata.uid}{"\\n"}{end}';

function countRestarts({ status }: Pod): number {
  const statuses = status as { containerStatuses?: { restartCount: number }[] } | undefined;
  return (statuses?.containerStatuses ?? []).reduce((count, { restartCount }) => count + restartCount, 0);
}
