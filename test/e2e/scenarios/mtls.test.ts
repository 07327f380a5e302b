import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '#lib/resources';
import { report } from '../../support/waiting.ts';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { waitForPods } from '../cluster/kubectl.ts';
import { askFrom, readProxyMetrics, sum } from '../mesh/asking.ts';
import { takeMesh } from '../mesh/mesh.ts';
import { buildNamespace, buildWorkload } from '../mesh/workloads.ts';

const NAMESPACE = 'e2e-mtls';
const SERVER = { name: 'echo', program: 'echo.ts', ports: { http: 8080, h2: 8081 }, readyPath: '/seen' };
const SERVER_ENV = { PORT: '8080', H2_PORT: '8081' };
const URL = `http://echo.${NAMESPACE}.svc.cluster.local:8080/hello`;

describe('a meshed client and server, and a client outside of the mesh', () => {
  let cluster: Cluster;
  let server: Pod;
  let client: Pod;
  let outsider: Pod;

  beforeAll(async () => {
    cluster = await takeCluster();
    await takeMesh(cluster);
    const { kubectl } = cluster;
    await kubectl.apply([buildNamespace(NAMESPACE, { 'linkerd.io/inject': 'enabled' })]);
    const disabled = { 'linkerd.io/inject': 'disabled' };
    await kubectl.apply(
      [
        ...buildWorkload({ ...SERVER, env: SERVER_ENV }),
        ...buildWorkload({ name: 'client', program: 'idle.ts' }),
        ...buildWorkload({ name: 'outsider', program: 'idle.ts', annotations: disabled }),
      ],
      { namespace: NAMESPACE },
    );
    const take = async (app: string) =>
      (await waitForPods(kubectl, { namespace: NAMESPACE, selector: `app=${app}`, count: 1 }))[0] as Pod;
    [server, client, outsider] = await Promise.all([take('echo'), take('client'), take('outsider')]);
  });
  afterAll(() => cluster.kubectl.delete('namespace', NAMESPACE));

  it('only pods that ask for it get a proxy, as a native sidecar', () => {
    const names = (pod: Pod) => (pod.spec.initContainers ?? []).map(({ name }) => name);
    expect(names(server)).toEqual(['linkerd-init', 'linkerd-proxy']);
    expect(names(client)).toEqual(['linkerd-init', 'linkerd-proxy']);
    expect(names(outsider)).toEqual([]);
    expect(server.metadata.labels).toMatchObject({
      'linkerd.io/control-plane-ns': 'linkerd',
      'linkerd.io/proxy-deployment': 'echo',
      'linkerd.io/workload-ns': NAMESPACE,
    });
  });

  it('the meshed client speaks mTLS: the server is told who asks, and both sides count it', async () => {
    const answers = await askFrom(cluster.kubectl, client, { url: URL, count: 20 });
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const seen = JSON.parse(answers[0]?.body ?? '{}') as { headers: Record<string, string> };
    const clientId = `client.${NAMESPACE}.serviceaccount.identity.linkerd.cluster.local`;
    const serverId = `echo.${NAMESPACE}.serviceaccount.identity.linkerd.cluster.local`;
    expect(seen.headers['l5d-client-id']).toBe(clientId);
    const inbound = { direction: 'inbound', tls: 'true', client_id: clientId, target_port: '8080' };
    expect(sum(await readProxyMetrics(server), 'request_total', inbound)).toBe(20);
    const outbound = {
      direction: 'outbound',
      tls: 'true',
      server_id: serverId,
      dst_namespace: NAMESPACE,
      dst_deployment: 'echo',
    };
    expect(sum(await readProxyMetrics(client), 'request_total', outbound)).toBe(20);
  });

  it('a client outside of the mesh is served in the clear, without an identity', async () => {
    const [answer] = await askFrom(cluster.kubectl, outsider, { url: URL });
    expect(answer?.status).toBe(200);
    const seen = JSON.parse(answer?.body ?? '{}') as { headers: Record<string, string> };
    expect(seen.headers['l5d-client-id']).toBeUndefined();
    const plain = { direction: 'inbound', tls: 'no_identity', target_port: '8080' };
    expect(sum(await readProxyMetrics(server), 'request_total', plain)).toBeGreaterThan(0);
  });

  it('a client that names an l5d-client-id itself is not believed', async () => {
    const { metadata, status } = server;
    const headers = { 'l5d-client-id': 'admin.linkerd.serviceaccount.identity.linkerd.cluster.local' };
    const response = await fetch(`http://${status?.podIP}:8080/forged`, { headers });
    const seen = (await response.json()) as { headers: Record<string, string> };
    expect(seen.headers['l5d-client-id'], metadata.name).toBeUndefined();
  });

  it('pods are Ready about as soon as without a sidecar', async () => {
    const readyAfterMs = (pod: Pod) => {
      const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready') as
        | { lastTransitionTime?: string }
        | undefined;
      return Date.parse(ready?.lastTransitionTime ?? '') - Date.parse(pod.metadata.creationTimestamp ?? '');
    };
    report(
      `from create to Ready: ${readyAfterMs(client) / 1000} s with our sidecar, ${readyAfterMs(outsider) / 1000} s without`,
    );
    expect(readyAfterMs(client)).toBeLessThan(60_000);
  });
});
