import { Agent, request } from 'node:https';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '#lib/resources';
import { report, waitUntil } from '../../support/waiting.ts';
import { type Cluster, takeCluster } from '../cluster/cluster.ts';
import { MESH_NAMESPACE } from '../mesh/helm.ts';
import { takeMesh } from '../mesh/mesh.ts';
import { buildNamespace, buildTemplate, buildWorkload } from '../mesh/workloads.ts';

const NAMESPACE = 'e2e-admission';
const AT_ONCE = 50;
const ROUNDS = 20;
const PORT = 8443;
const TEN_MIB = 10 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly durationMs: number;
}

describe('the injector, asked directly', () => {
  let cluster: Cluster;
  let host: string;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE, rejectUnauthorized: false });

  beforeAll(async () => {
    cluster = await takeCluster();
    await takeMesh(cluster);
    await cluster.kubectl.apply([buildNamespace(NAMESPACE, { 'linkerd.io/inject': 'enabled' })]);
    const selector = 'linkerd.io/control-plane-component=proxy-injector';
    const [pod] = await cluster.kubectl.list<Pod>('pods', { namespace: MESH_NAMESPACE, selector });
    host = pod?.status?.podIP ?? '';
  });
  afterAll(async () => {
    agent.destroy();
    await cluster.kubectl.delete('namespace', NAMESPACE);
  });

  function post(body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const startedMs = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host,
          port: PORT,
          path: '/',
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/json', ...headers },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              body: text,
              durationMs: performance.now() - startedMs,
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  it('says on the workload what it did', async () => {
    const { kubectl } = cluster;
    await kubectl.apply(buildWorkload({ name: 'said', program: 'idle.ts' }), { namespace: NAMESPACE });
    await waitUntil('there is an event', async () => {
      const query = ['--field-selector', 'involvedObject.kind=Deployment,involvedObject.name=said'];
      const reasons = await kubectl([
        'get',
        'events',
        '-n',
        NAMESPACE,
        ...query,
        '-o',
        'jsonpath={..reason}',
      ]);
      return reasons.split(' ').includes('Injected');
    });
  });

  it(`answers ${AT_ONCE} at once; the median is printed`, async () => {
    const durations: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const asked = Array.from({ length: AT_ONCE }, (_, i) => post(buildReview(`web-${round}-${i}`)));
      for (const answer of await Promise.all(asked)) {
        expect(answer.status).toBe(200);
        expect(JSON.parse(answer.body).response).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
        if (round > 0) durations.push(answer.durationMs);
      }
    }
    const sorted = durations.sort((a, b) => a - b);
    const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
    report(`an admission, ${AT_ONCE} at once: median ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  });

  it('garbage is told so, and the next one is answered', async () => {
    for (const body of [
      '{',
      'null',
      '[]',
      '"text"',
      '{"kind":"AdmissionReview"}',
      Buffer.alloc(3000, 0xff),
    ]) {
      const { status } = await post(body);
      expect(status, String(body).slice(0, 40)).toBe(400);
    }
    expect((await post(buildReview('after-garbage'))).status).toBe(200);
  });

  it('a body beyond 10 MiB is refused, one that never ends is given up, and the next one is answered', async () => {
    const huge = await post(Buffer.alloc(TEN_MIB + 1024, 0x20)).catch(() => undefined);
    if (huge !== undefined) expect(huge.status).toBe(413);
    const slow = connect({ host, port: PORT, rejectUnauthorized: false });
    slow.on('error', () => {});
    slow.write('POST / HTTP/1.1\r\nhost: injector\r\ncontent-length: 100\r\n\r\n{');
    expect((await post(buildReview('beside-slow'))).status).toBe(200);
    slow.destroy();
  });

  it('takes no TLS below 1.3', async () => {
    const error = await new Promise<Error>((resolve, reject) => {
      const socket = connect({ host, port: PORT, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
      socket.on('error', resolve);
      socket.on('secureConnect', () => reject(new Error('TLS 1.2 was taken')));
    });
    expect(error.message).toMatch(/protocol version|alert/i);
  });
});

function specOf(name: string): unknown {
  const { spec } = buildTemplate({ name: 'default', program: 'idle.ts' }) as { spec: object };
  return { ...spec, serviceAccountName: 'default', hostname: name };
}

function buildReview(name: string): string {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: specOf(name),
  };
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: crypto.randomUUID(),
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: NAMESPACE,
      operation: 'CREATE',
      object,
    },
  });
}
