import { get as httpGet } from 'node:http';
import { expect } from 'vitest';
import type { KubeObject, Service } from '#lib/resources';
import { report, sleep, waitUntil } from '../../support/waiting.ts';
import { type LocalMesh, podIp, signalContainer } from './local-mesh.ts';
import { buildWorkload } from './manifests.ts';
import { get, type HttpAnswer, openRaw } from './raw-connection.ts';
import { buildRelay, throughRelay } from './relay.ts';

const PORT = 8080;
const ADMIN_PORT = 4191;
const PROXY = 'linkerd-proxy';
/** Discovery may say nothing for half a minute; a slow machine may add to that. */
const REFUSED_MS = { least: 25_000, most: 50_000 };

/**
 * What a mesh needs for the checks below: `client` asks `pair`, `strange` is a Service that nobody has asked for, and
 * the proxy of `late` is killed.
 */
export function buildOutageWorkloads(pairReplicas = 2): KubeObject[] {
  const strange: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'strange', namespace: 'shop' },
    spec: { selector: { app: 'pair' }, ports: [{ name: 'http', port: PORT, targetPort: PORT }] },
  };
  const pair = buildWorkload({
    name: 'pair',
    program: 'web.ts',
    env: { PORT: `${PORT}` },
    ports: { http: PORT },
    readyPath: '/ready',
    replicas: pairReplicas,
  });
  return [...pair, strange, ...buildRelay(), ...buildRelay('late')];
}

/** Before the control plane goes: `pair` becomes a known destination. */
export async function prepareOutage(mesh: LocalMesh): Promise<void> {
  expect((await askPair(mesh)).status).toBe(200);
  expect(await readDiscovery(mesh)).toMatchObject({ destination: 1, policy: 1 });
}

/**
 * Looks at what a user sees while the control plane is away; `removeOne` lets a pod of `pair` go, which no client is
 * told.
 */
export async function checkOutage(mesh: LocalMesh, removeOne: () => void): Promise<void> {
  await Promise.all([
    expectStrangeRefused(mesh),
    expectDeadAvoided(mesh, removeOne),
    expectRestartedWaits(mesh),
  ]);
  expect(await readDiscovery(mesh)).toMatchObject({ destination: 0, policy: 0 });
}

/** All is as it was, without a restart. */
export async function expectOutageOver(mesh: LocalMesh, awaySinceMs: number): Promise<void> {
  const isReady = async () => (await ask(mesh, 'late', '/ready')).status === 200;
  await waitUntil('the proxy that was killed is ready', isReady, 60_000);
  const isUp = async () => {
    const { destination, policy, updated } = await readDiscovery(mesh);
    return destination === 1 && policy === 1 && updated * 1000 > awaySinceMs;
  };
  await waitUntil('discovery is fresh', isUp);
  expect((await get(throughRelay(mesh, { service: 'strange', port: PORT }), '/')).status).toBe(200);
}

function askPair(mesh: LocalMesh): Promise<HttpAnswer> {
  return get(throughRelay(mesh, { service: 'pair', port: PORT }), '/');
}

async function expectStrangeRefused(mesh: LocalMesh): Promise<void> {
  const startMs = performance.now();
  const connection = openRaw(throughRelay(mesh, { service: 'strange', port: PORT }));
  connection.send('GET / HTTP/1.1\r\nHost: strange\r\n\r\n');
  const answer = await connection.untilEnded(REFUSED_MS.most);
  const durationMs = performance.now() - startMs;
  connection.close();
  report(`a new destination refused after ${(durationMs / 1000).toFixed(1)} s`);
  expect(answer.toString()).toBe('');
  expect(durationMs).toBeGreaterThan(REFUSED_MS.least);
  // Whoever comes later hears it at once.
  const next = openRaw(throughRelay(mesh, { service: 'strange', port: PORT }));
  next.send('GET / HTTP/1.1\r\nHost: strange\r\n\r\n');
  await next.untilEnded(10_000);
  next.close();
}

async function expectDeadAvoided(mesh: LocalMesh, removeOne: () => void): Promise<void> {
  removeOne();
  await waitUntil('one of the pair is gone', () => countPods(mesh, 'pair-') === 1);
  const pods = new Set<string>();
  for (let at = 0; at < 40; at++) {
    const answer = await askPair(mesh);
    expect(answer.status, JSON.stringify([...answer.headers])).toBe(200);
    pods.add(answer.body);
    await sleep(50);
  }
  expect([...pods]).toEqual([mesh.pod('pair').metadata.name]);
}

/** Those that are still ending included. */
function countPods(mesh: LocalMesh, prefix: string): number {
  return mesh.state().pods.filter(({ metadata }) => metadata.name.startsWith(prefix)).length;
}

async function expectRestartedWaits(mesh: LocalMesh): Promise<void> {
  signalContainer(mesh, mesh.pod('late'), { name: PROXY, signal: 'SIGKILL' });
  const isWaiting = async () =>
    /^not ready\nwaiting for a certificate from the identity service at linkerd-identity-headless\.linkerd\.svc\.cluster\.local\.:8080 since 20\S+: /.test(
      (await ask(mesh, 'late', '/ready')).body,
    );
  await waitUntil('the proxy that was killed says what it waits for', isWaiting, 60_000);
  expect((await ask(mesh, 'late', '/ready')).status).toBe(503);
  expect(await ask(mesh, 'late', '/live')).toEqual({ status: 200, body: 'live\n' });
  const isTold = () =>
    /Waiting for identity.* service=identity addr=linkerd-identity-headless\S+:8080 since=20\S+ error=/.test(
      mesh.readLog(mesh.pod('late'), PROXY),
    );
  await waitUntil('its log reminds of that', isTold);
}

interface DiscoverySeen {
  readonly destination: number;
  readonly policy: number;
  /** When destination said something last, in seconds since 1970. */
  readonly updated: number;
}

async function readDiscovery(mesh: LocalMesh): Promise<DiscoverySeen> {
  const { body } = await ask(mesh, 'client', '/metrics');
  const read = (name: string, client: string) =>
    Number(new RegExp(`^control_discovery_${name}\\{client="${client}"\\} (\\S+)$`, 'm').exec(body)?.[1]);
  return {
    destination: read('connected', 'destination'),
    policy: read('connected', 'policy'),
    updated: read('last_update_timestamp_seconds', 'destination'),
  };
}

/** Asks the admin server of a pod's proxy. */
function ask(
  mesh: LocalMesh,
  pod: string,
  path: string,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const host = podIp(mesh.pod(pod));
    httpGet({ host, port: ADMIN_PORT, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });
}
