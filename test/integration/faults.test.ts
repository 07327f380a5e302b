import { execFileSync } from 'node:child_process';
import { get as httpGet } from 'node:http';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pod, Service } from '#lib/resources';
import { report, waitUntil } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import { getBody, openSession } from './mesh/h2-session.ts';
import { containerOf, type LocalMesh, netnsOf, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildNamespace, buildWorkload } from './mesh/manifests.ts';
import { listSockets } from './mesh/process-sockets.ts';
import { get, openRaw, type RawConnection } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

const APP = new URL('./pods/streams-app.ts', import.meta.url).pathname;
const PORT = 8080;
const H2_PORT = 8081;
const ADMIN_PORT = 4191;
const INBOUND_PORT = 4143;
const PROXY = 'linkerd-proxy';
/** A PING after 10 seconds of silence, 3 for its answer, and what a slow machine may add. */
const NOTICED_MS = 25_000;
/** The longest wait between two attempts is 10 seconds. */
const BACK_MS = 25_000;

let mesh: LocalMesh;
let session: ClientHttp2Session;
/** Both are opened first, and still live when everything else is over. */
let call: Call;
let webSocket: RawConnection;

describeAsRoot('faults', () => {
  beforeAll(async () => {
    mesh = await startLocalMesh({
      name: 'faults',
      manifests: () => [...buildMesh(), ...buildServices({ moved: 'web', empty: 'nobody' })],
      // Renewed every fourteen seconds.
      flags: ['--identity-issuance-lifetime', '20s'],
    });
    session = openSession(throughRelay(mesh, { service: 'web', port: H2_PORT }));
    call = openCall(session);
    webSocket = openRaw(throughRelay(mesh, { service: 'web', port: PORT }));
    webSocket.send('GET / HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await webSocket.until((bytes) => bytes.toString().endsWith('\r\n\r\n'));
    await expectStreamsAlive('at first');
  });
  afterAll(async () => {
    session?.destroy();
    webSocket?.close();
    await mesh?.stop();
  });

  it('sockets between proxies have the keep-alive and the user timeout that the injector sets', () => {
    const asked = { keepAliveSeconds: 10, userTimeoutMs: 30_000 };
    const accepted = listSockets(pidOf('web')).filter(({ localPort }) => localPort === INBOUND_PORT);
    const made = listSockets(pidOf('client')).filter(({ remotePort }) =>
      [PORT, H2_PORT].includes(remotePort),
    );
    for (const sockets of [accepted, made]) {
      expect(sockets.length).toBeGreaterThan(0);
      for (const socket of sockets) expect(socket).toMatchObject(asked);
    }
  });

  it('an app that sends GOAWAY: what it has goes on, what is new goes by another connection', async () => {
    const [, before] = (await getBody(session, '/goaway')).body.split(' ');
    await waitUntil('requests go by another connection', async () => {
      const [, after] = (await getBody(session, '/')).body.split(' ');
      return after !== before;
    });
    await expectStreamsAlive('after GOAWAY');
  });

  it('a destination without endpoints: 504 in time, then 503 at once, and back with the first endpoint', async () => {
    const ask = () => get(throughRelay(mesh, { service: 'empty', port: PORT }), '/');
    const first = await ask();
    expect(first.status).toBe(504);
    expect(first.headers.get('l5d-proxy-error')).toMatch(/^logical service \S+: .*service in fail-fast$/);
    expect(first.headers.get('connection')).toBe('close');
    const startMs = performance.now();
    const second = await ask();
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(second.status).toBe(503);
    expect(second.headers.get('l5d-proxy-error')).toMatch(/service unavailable$/);
    const countShut = () =>
      readMetric('outbound_http_balancer_queue_gate_shut_total', 'backend_name="empty"');
    expect(await countShut()).toBe(1);
    lead({ moved: 'web', empty: 'web' });
    await waitUntil('it is served', async () => (await ask()).status === 200, 5000);
    expect(await countShut()).toBe(1);
  });

  it('discovery behind a cut that nobody tells of: noticed, survived, and up to date when it is mended', async () => {
    const client = mesh.pod('client');
    const ask = async () => (await get(throughRelay(mesh, { service: 'moved', port: PORT }), '/')).body;
    const areConnected = async () =>
      Promise.all(
        ['destination', 'policy'].map((name) =>
          readMetric('control_discovery_connected', `client="${name}"`),
        ),
      );
    expect(await ask()).toMatch(/^web-/);
    expect(await areConnected()).toEqual([1, 1]);
    const mend = cutFrom(client, mesh.pod('linkerd-destination'));
    try {
      const cutMs = performance.now();
      // New endpoints, which the client cannot hear of.
      lead({ moved: 'other', empty: 'web' });
      const isNoticed = async () => (await areConnected()).every((value) => value === 0);
      await waitUntil('it is noticed', isNoticed, NOTICED_MS);
      report(`half-open connections noticed after ${((performance.now() - cutMs) / 1000).toFixed(1)} s`);
      expect(await ask()).toMatch(/^web-/);
    } finally {
      mend();
    }
    const mendedMs = performance.now();
    await waitUntil('the new endpoints are used', async () => (await ask()).startsWith('other-'), BACK_MS);
    report(`up to date ${((performance.now() - mendedMs) / 1000).toFixed(1)} s after the mend`);
    expect(await areConnected()).toEqual([1, 1]);
  });

  it('streams that began before all this are alive, through renewals and a change of all endpoints', async () => {
    const renewals = () => mesh.readLog(mesh.pod('client'), PROXY).split('Renewed certificate').length - 1;
    await waitUntil('the certificate is renewed', () => renewals() > 0);
    lead({ moved: 'other', empty: 'web', web: 'other' });
    const ask = async () => (await get(throughRelay(mesh, { service: 'web', port: PORT }), '/')).body;
    await waitUntil('what is new goes elsewhere', async () => (await ask()).startsWith('other-'));
    await waitUntil('calls too', async () => (await getBody(session, '/')).body.startsWith('other-'));
    await expectStreamsAlive('at last');
  });
});

function buildApp(name: string) {
  return buildWorkload({
    name,
    command: ['node', APP],
    env: { PORT: `${PORT}`, H2_PORT: `${H2_PORT}` },
    ports: { http: PORT, http2: H2_PORT },
    readyPath: '/',
  });
}

/** `web` is another Service than that of the workload where it is told. */
function buildMesh(web = 'web') {
  const isReplaced = ({ kind, metadata }: { kind: string; metadata: { name: string } }) =>
    kind === 'Service' && metadata.name === 'web';
  const apps = ['web', 'other'].flatMap(buildApp).filter((object) => !isReplaced(object));
  return [buildNamespace(), ...apps, ...buildRelay(), ...buildServices({ web })];
}

/** Service → the app that it leads to. */
function buildServices(apps: Readonly<Record<string, string>>): Service[] {
  return Object.entries(apps).map(([name, app]) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: {
      selector: { app },
      ports: [PORT, H2_PORT].map((port) => ({ name: `p${port}`, port, targetPort: port })),
    },
  }));
}

/** Edits the manifests. */
function lead(apps: { readonly moved: string; readonly empty: string; readonly web?: string }): void {
  const { web, ...others } = apps;
  mesh.write('mesh.yaml', [...buildMesh(web), ...buildServices(others)]);
}

/** A gRPC call in both directions: what is written comes back. */
interface Call {
  readonly stream: ClientHttp2Stream;
  received(): string;
}

function openCall(over: ClientHttp2Session): Call {
  const stream = over.request({
    ':method': 'POST',
    ':path': '/echo',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let text = '';
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { stream, received: () => text };
}

async function expectStreamsAlive(when: string): Promise<void> {
  call.stream.write(when);
  webSocket.send(when);
  await waitUntil(`the call is answered ${when}`, () => call.received().endsWith(when), 10_000);
  await webSocket.until((bytes) => bytes.toString().endsWith(when));
  expect(call.stream.closed).toBe(false);
  expect(webSocket.ended()).toBe('open');
}

function pidOf(pod: string): number {
  return containerOf(mesh.pod(pod), PROXY).pid ?? 0;
}

/** Drops every packet between two pods, in both directions; returns what ends that. */
function cutFrom(pod: Pod, other: Pod): () => void {
  const netns = netnsOf(mesh, pod).replace('/run/netns/', '');
  const rules = [
    ['OUTPUT', '-d', podIp(other), '-j', 'DROP'],
    ['INPUT', '-s', podIp(other), '-j', 'DROP'],
  ];
  const apply = (verb: '-I' | '-D') => {
    for (const rule of rules) execFileSync('ip', ['netns', 'exec', netns, 'iptables', '-w', verb, ...rule]);
  };
  apply('-I');
  return () => apply('-D');
}

/** The value of the series of the client's proxy that has this label; undefined where there is none. */
async function readMetric(name: string, label: string): Promise<number | undefined> {
  const page = await new Promise<string>((resolve, reject) => {
    httpGet(
      { host: podIp(mesh.pod('client')), port: ADMIN_PORT, path: '/metrics', agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve(body));
      },
    ).on('error', reject);
  });
  const line = page.split('\n').find((each) => each.startsWith(`${name}{`) && each.includes(label));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}
