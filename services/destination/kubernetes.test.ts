import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { destination } from '#lib/api';
import { createGrpcClient } from '#lib/grpc';
import { SERVICE_PROFILES } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { type FakeApiServer, startFakeApiServer } from '../lib/cluster/testing/api-server.ts';
import { type DestinationApp, startDestination } from './app.ts';
import { parseDestinationConfig } from './config.ts';
import { buildEndpoint, buildPod, buildService, buildServiceProfile, buildSlice } from './shop.fixture.ts';

const WEB = 'web.shop.svc.cluster.local:80';

describe('startDestination with a Kubernetes API', () => {
  let api: FakeApiServer;
  let dir: string;
  let app: DestinationApp | undefined;
  const stop = new AbortController();
  beforeEach(async () => {
    api = await startFakeApiServer();
    dir = await mkdtemp(join(tmpdir(), 'destination-'));
  });
  afterEach(async () => {
    stop.abort();
    await app?.close();
    await api.close();
    await rm(dir, { recursive: true });
  });

  async function start(): Promise<DestinationApp> {
    const kubeconfig = join(dir, 'kubeconfig');
    const config = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c' } }],
      clusters: [{ name: 'c', cluster: { server: api.url } }],
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    const flags = ['-addr=127.0.0.1:0', '-metrics-addr=127.0.0.1:0', `-kubeconfig=${kubeconfig}`];
    const log = createLogger({ target: 'test', level: 'off' });
    app = await startDestination(parseDestinationConfig(flags), { log });
    return app;
  }

  it('serves from it without any of our CRDs, follows it, and picks them up when they come', async () => {
    api.put(
      buildService('web'),
      buildPod('web-a', '10.0.0.1'),
      buildSlice('web', [buildEndpoint('web-a', '10.0.0.1')]),
    );
    const { port, adminPort } = await start();
    const client = createGrpcClient(destination.Destination, { address: `127.0.0.1:${port}` });
    const sizes: number[] = [];
    const endpoints = client.get({ path: WEB }, { signal: stop.signal })[Symbol.asyncIterator]();
    const next = async () => {
      const { value } = await endpoints.next();
      if (value?.update.case === 'add') sizes.push(value.update.value.addrs.length);
    };
    await next();
    api.put(
      buildPod('web-b', '10.0.0.2'),
      buildSlice('web', [buildEndpoint('web-a', '10.0.0.1'), buildEndpoint('web-b', '10.0.0.2')]),
    );
    await next();
    expect(sizes).toEqual([1, 1]);
    const metrics = async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    expect(await metrics()).toContain('informer_synced{resource="serviceprofiles.linkerd.io"} 1');
    api.serve(SERVICE_PROFILES);
    api.put(buildServiceProfile('web', {}));
    await expect
      .poll(metrics, { timeout: 30_000, interval: 250 })
      .toContain('informer_objects{resource="serviceprofiles.linkerd.io"} 1');
    client.close();
  }, 40_000);

  it('asks for no more than it may', async () => {
    await start();
    const asked = new Set(api.requests.map(({ method, path }) => `${method} ${path}`));
    expect([...asked].sort()).toEqual([
      'GET /api/v1/nodes',
      'GET /api/v1/pods',
      'GET /api/v1/services',
      'GET /apis/apps/v1/replicasets',
      'GET /apis/discovery.k8s.io/v1/endpointslices',
      'GET /apis/linkerd.io/v1alpha2/serviceprofiles',
      'GET /apis/policy.linkerd.io/v1beta3/servers',
      'GET /apis/workload.linkerd.io/v1beta1/externalworkloads',
    ]);
  });
});
