import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubeObject } from '#lib/resources';
import { waitUntil } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import { type LocalMesh, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildEcho, buildNamespace, buildWorkload } from './mesh/manifests.ts';
import { exchangeRaw, get } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

const PORT = 8080;
const H2_PORT = 8081;
const DOMAIN = 'svc.cluster.local';

let mesh: LocalMesh;

/** A Service of another cluster, as the service mirror writes it: its only address is the gateway's. */
function buildMirror(name: string, remote: string): readonly KubeObject[] {
  const gateway = mesh.pod('gateway');
  const metadata = { name, namespace: 'shop' };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: 'http', port: PORT }] },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...metadata,
      labels: { 'kubernetes.io/service-name': name, 'mirror.linkerd.io/cluster-name': 'west' },
      annotations: {
        'mirror.linkerd.io/remote-svc-fq-name': remote,
        'mirror.linkerd.io/remote-gateway-identity':
          'gateway.shop.serviceaccount.identity.linkerd.cluster.local',
      },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [podIp(gateway)], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 4143, protocol: 'TCP' }],
  };
  return [service, slice];
}

const toMirror = (service: string) => throughRelay(mesh, { service, port: PORT });

describeAsRoot('a gateway', () => {
  beforeAll(async () => {
    mesh = await startLocalMesh({
      name: 'gateway',
      manifests: () => [
        buildNamespace(),
        ...buildEcho({ http1: PORT, http2: H2_PORT }),
        ...buildWorkload({
          name: 'gateway',
          program: 'idle.ts',
          annotations: { 'config.linkerd.io/enable-gateway': 'true' },
        }),
        ...buildRelay(),
      ],
    });
    mesh.write('mirrors.yaml', [
      ...buildMirror('web-west', `web.shop.${DOMAIN}`),
      ...buildMirror('other-west', 'web.shop.example'),
    ]);
    await waitUntil('the mirror is there', () => isServed('web-west'), 60_000);
  });
  afterAll(() => mesh?.stop());

  async function isServed(name: string): Promise<boolean> {
    try {
      return (await get(toMirror(name), '/seen')).status === 200;
    } catch {
      return false;
    }
  }

  it('passes a request on to the Service that its sender means', async () => {
    const { status, body } = await get(toMirror('web-west'), '/x', { host: 'web-west' });
    expect(status).toBe(200);
    const { headers } = JSON.parse(body) as { headers: Record<string, string> };
    expect(headers).toMatchObject({
      host: `web.shop.${DOMAIN}:${PORT}`,
      'l5d-client-id': expect.stringMatching(/^gateway\.shop\./),
      forwarded: expect.stringMatching(
        /^by=gateway\.shop\.[^;]+;for=client\.shop\.[^;]+;host=web\.shop\.svc\.cluster\.local:8080;proto=https$/,
      ),
    });
  });

  it('answers 404 for a name of another domain', async () => {
    const answer = await get(toMirror('other-west'), '/');
    expect(answer.status).toBe(404);
  });

  it('answers 508 for a request that it has passed on before', async () => {
    const by = 'gateway.shop.serviceaccount.identity.linkerd.cluster.local';
    const answer = await get(toMirror('web-west'), '/', { forwarded: `by=${by};for=x` });
    expect(answer.status).toBe(508);
  });

  it('does not take what no peer sends', async () => {
    const direct = { host: podIp(mesh.pod('gateway')), port: 4143 };
    expect(await exchangeRaw(direct, ['GET / HTTP/1.1\r\nhost: web\r\n\r\n'])).toBe('');
  });
});
