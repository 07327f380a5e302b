import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '#lib/resources';
import { waitUntil } from '../../support/waiting.ts';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { waitForPods } from '../cluster/kubectl.ts';
import { askFrom, readProxyMetrics, sum } from '../mesh/asking.ts';
import { takeMesh } from '../mesh/mesh.ts';
import { buildContainer, buildNamespace, buildWorkload } from '../mesh/workloads.ts';

const NAMESPACE = 'e2e-workloads';
const DOMAIN = `${NAMESPACE}.svc.cluster.local`;

describe('workloads of every kind in the mesh', () => {
  let cluster: Cluster;
  let client: Pod;
  const apply = (objects: readonly unknown[]) => cluster.kubectl.apply(objects, { namespace: NAMESPACE });
  const podsOf = (app: string, count = 1) =>
    waitForPods(cluster.kubectl, { namespace: NAMESPACE, selector: `app=${app}`, count });

  beforeAll(async () => {
    cluster = await takeCluster();
    await takeMesh(cluster);
    await cluster.kubectl.apply([buildNamespace(NAMESPACE, { 'linkerd.io/inject': 'enabled' })]);
    const web = { name: 'web', program: 'web.ts', env: { PORT: '8080' }, ports: { http: 8080 } };
    await apply([
      ...buildWorkload({ ...web, readyPath: '/ready' }),
      ...buildWorkload({ name: 'client', program: 'idle.ts' }),
    ]);
    await podsOf('web');
    client = (await podsOf('client'))[0] as Pod;
  });
  afterAll(() => cluster.kubectl.delete('namespace', NAMESPACE));

  it('a Job with a sidecar finishes', async () => {
    const container = buildContainer({
      name: 'asker',
      program: 'job.ts',
      env: { TARGET: `http://web.${DOMAIN}:8080/` },
    });
    const spec = { restartPolicy: 'Never', containers: [container] };
    await apply([
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'asker' },
        spec: { backoffLimit: 0, template: { metadata: { labels: { app: 'asker' } }, spec } },
      },
    ]);
    await cluster.kubectl([
      'wait',
      'job/asker',
      '-n',
      NAMESPACE,
      '--for=condition=complete',
      '--timeout=90s',
    ]);
    const [pod] = await cluster.kubectl.list<Pod>('pods', { namespace: NAMESPACE, selector: 'app=asker' });
    expect(pod?.spec.initContainers?.map(({ name }) => name)).toContain('linkerd-proxy');
    expect(pod?.metadata.labels?.['linkerd.io/proxy-job']).toBe('asker');
  });

  it('probes go through the proxy, and are counted there as the probes they are', async () => {
    const [web] = await podsOf('web');
    const probes = { direction: 'inbound', target_port: '8080', route_name: 'probe' };
    await waitUntil(
      'a probe is counted',
      async () => sum(await readProxyMetrics(web as Pod), 'request_total', probes) > 0,
    );
  });

  it('the pods of a headless StatefulSet are reached by their own names, with mTLS', async () => {
    const web = { name: 'db', program: 'web.ts', env: { PORT: '8080' }, ports: { http: 8080 } };
    await apply(
      buildWorkload({ ...web, kind: 'StatefulSet', replicas: 2, headless: true, readyPath: '/ready' }),
    );
    await podsOf('db', 2);
    for (const name of ['db-0', 'db-1']) {
      const [answer] = await askFrom(cluster.kubectl, client, { url: `http://${name}.db.${DOMAIN}:8080/` });
      expect(answer?.body).toBe(name);
    }
    const outbound = { direction: 'outbound', tls: 'true', dst_statefulset: 'db' };
    expect(sum(await readProxyMetrics(client), 'request_total', outbound)).toBe(2);
  });

  it('a workload that wants meshed clients alone becomes Ready, and refuses others', async () => {
    const policy = { 'config.linkerd.io/default-inbound-policy': 'all-authenticated' };
    const web = { name: 'strict', program: 'web.ts', env: { PORT: '8080' }, ports: { http: 8080 } };
    await apply(buildWorkload({ ...web, annotations: policy, readyPath: '/ready' }));
    const [strict] = await podsOf('strict');
    const [answer] = await askFrom(cluster.kubectl, client, { url: `http://strict.${DOMAIN}:8080/` });
    expect(answer?.status).toBe(200);
    // This machine is outside of the mesh.
    const outside = await fetch(`http://${strict?.status?.podIP}:8080/`);
    expect(outside.status).toBe(403);
  });

  it('a skipped port is not proxied; an opaque port is proxied as bytes, with mTLS', async () => {
    const echo = { program: 'web.ts', env: { PORT: '8080' }, ports: { http: 8080 } };
    const annotated = (name: string, key: string) =>
      buildWorkload({ ...echo, name, annotations: { [`config.linkerd.io/${key}`]: '8080' } });
    const opaque = annotated('opaque', 'opaque-ports').map((object) => {
      const { kind, metadata } = object as { kind: string; metadata: object };
      const annotations = { 'config.linkerd.io/opaque-ports': '8080' };
      return kind === 'Service' ? { ...(object as object), metadata: { ...metadata, annotations } } : object;
    });
    await apply([...annotated('skipped', 'skip-inbound-ports'), ...opaque]);
    const [skipped] = await podsOf('skipped');
    const [bytes] = await podsOf('opaque');
    for (const name of ['skipped', 'opaque']) {
      const [answer] = await askFrom(cluster.kubectl, client, { url: `http://${name}.${DOMAIN}:8080/` });
      expect(answer?.status, name).toBe(200);
    }
    const onPort = { direction: 'inbound', target_port: '8080' };
    expect(sum(await readProxyMetrics(skipped as Pod), 'request_total', onPort)).toBe(0);
    expect(sum(await readProxyMetrics(skipped as Pod), 'tcp_open_total', { ...onPort, peer: 'src' })).toBe(0);
    expect(sum(await readProxyMetrics(bytes as Pod), 'request_total', onPort)).toBe(0);
    const overTls = { ...onPort, peer: 'src', tls: 'true' };
    expect(sum(await readProxyMetrics(bytes as Pod), 'tcp_open_total', overTls)).toBeGreaterThan(0);
  });
});
