import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sleep, waitUntil } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import {
  type Authority,
  createAuthority,
  FUTURE,
  type NOW,
  nameWorkload,
  PAST,
  type PemFiles,
  writeLeaf,
} from './mesh/authority.ts';
import { type LocalMesh, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildFakePeer, buildNamespace, buildWorkload } from './mesh/manifests.ts';
import { runOpensslClient } from './mesh/openssl.ts';
import { get, type HttpAnswer, openRaw, readAnswer } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

const APP_PORT = 8080;
const MARKER = 'marker-that-nobody-may-read';

const authority = createAuthority();
const stranger = createAuthority();
let mesh: LocalMesh;

interface Peer {
  readonly name: string;
  /** What the peer shows. */
  readonly authority: Authority;
  readonly identity: string;
  readonly validity?: typeof NOW;
  readonly args?: readonly string[];
}

/** Servers that answer in the place of a proxy, each with a certificate of its own kind. */
const PEERS: readonly Peer[] = [
  { name: 'right', authority, identity: nameWorkload('right') },
  { name: 'expired', authority, identity: nameWorkload('expired'), validity: PAST },
  { name: 'too-early', authority, identity: nameWorkload('too-early'), validity: FUTURE },
  { name: 'wrong-ca', authority: stranger, identity: nameWorkload('wrong-ca') },
  { name: 'wrong-name', authority, identity: nameWorkload('somebody-else') },
  { name: 'old-tls', authority, identity: nameWorkload('old-tls'), args: ['-tls1_2'] },
];

/** openssl's server; its input must not end, or it would. */
function serve(files: PemFiles, args: readonly string[]): readonly string[] {
  const all = ['-accept', '4143', '-cert', files.cert, '-cert_chain', files.cert, '-key', files.key];
  return ['sh', '-c', `sleep 1000000 | openssl s_server ${[...all, ...args].join(' ')}`];
}

/** What a peer's certificate, or its protocol, is refused for. */
const REFUSED = [
  { name: 'expired', reason: /certificate has expired/ },
  { name: 'too-early', reason: /certificate is not yet valid/ },
  { name: 'wrong-ca', reason: /unable to get local issuer certificate|self-signed certificate/ },
  {
    name: 'wrong-name',
    reason:
      /certificate does not match TLS identity: expected wrong-name\.shop\S+, found DNS:somebody-else\.shop/,
  },
  { name: 'old-tls', reason: /protocol version|unsupported protocol/ },
  { name: 'plaintext', reason: /wrong version number|packet length too long/ },
] as const;
/** How the requests to them ended. */
const answers = new Map<string, Promise<HttpAnswer>>();

function buildManifests(dir: string) {
  const peers = PEERS.map(({ name, args = ['-tls1_3', '-alpn', 'transport.l5d.io/v1'], ...leaf }) =>
    buildFakePeer({ name, port: APP_PORT, command: serve(writeLeaf(dir, name, leaf), args) }),
  );
  const recorder = new URL('../support/pods/recorder.ts', import.meta.url).pathname;
  return [
    buildNamespace(),
    ...buildWorkload({
      name: 'web',
      program: 'echo.ts',
      readyPath: '/seen',
      env: { PORT: `${APP_PORT}`, H2_PORT: '8081' },
      ports: { http: APP_PORT },
    }),
    ...buildRelay(),
    ...buildFakePeer({ name: 'plaintext', port: APP_PORT, command: ['node', recorder] }),
    ...peers.flat(),
  ];
}

describeAsRoot('mesh TLS', () => {
  beforeAll(async () => {
    mesh = await startLocalMesh({ name: 'tls', manifests: buildManifests, credentials: authority });
    // Each waits for the fail-fast timeout: all at once.
    for (const { name } of REFUSED)
      answers.set(name, get(targetOf(name), '/', { host: name, 'x-marker': MARKER }));
  });
  afterAll(() => mesh?.stop());

  describe('an app whose request would go to a server with', () => {
    it('the certificate that is expected reaches it, inside of TLS', async () => {
      const pending = openRaw(targetOf('right'));
      pending.send(`GET / HTTP/1.1\r\nhost: right\r\nx-marker: ${MARKER}\r\n\r\n`);
      await waitUntil('the peer has decrypted an HTTP/2 preface', () =>
        seenBy('right').includes('PRI * HTTP/2.0'),
      );
      pending.close();
    });

    it.each(REFUSED)('$name: is told why, and nothing of the request has left', async ({ name, reason }) => {
      expectRefusal(await answers.get(name), reason);
      const bytes = seenBy(name);
      expect(bytes).not.toContain('PRI * HTTP/2.0');
      expect(bytes).not.toContain(MARKER);
      if (name !== 'plaintext') return;
      // All that a peer without TLS ever sees are ClientHellos.
      const sent = bytes.split('\n').filter((line) => line !== '');
      expect(sent.length).toBeGreaterThan(0);
      for (const hello of sent) expect(hello).toMatch(/^160301/);
      expect(bytes).not.toContain(Buffer.from(MARKER).toString('hex'));
    });
  });

  describe('a client of a meshed app', () => {
    it('without a certificate is served, as nobody in particular', async () => {
      const answer = await ask([]);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body).headers).not.toHaveProperty('l5d-client-id');
      expect(await metrics('web')).toMatch(/tcp_open_total\{[^}]*tls="true"[^}]*client_id=""/);
    });

    it('with a certificate of the mesh is served by its name', async () => {
      const identity = nameWorkload('visitor');
      const answer = await ask(showing(writeLeaf(mesh.dir, 'visitor', { authority, identity })));
      expect(JSON.parse(answer.body).headers).toMatchObject({ 'l5d-client-id': identity });
    });

    it.each([
      ['of another authority', { authority: stranger }, /unable to get|self-signed|UNABLE_TO|SELF_SIGNED/],
      ['that has expired', { authority, validity: PAST }, /expired|EXPIRED/],
      ['that is not yet valid', { authority, validity: FUTURE }, /not yet valid|NOT_YET_VALID/],
    ])('with a certificate %s is refused', async (_, leaf, reason) => {
      const before = await countSeen();
      const files = writeLeaf(mesh.dir, 'refused', { identity: nameWorkload('visitor'), ...leaf });
      const { stdout } = await runClient(showing(files));
      expect(stdout).not.toContain('HTTP/1.1');
      await waitUntil('the proxy has said why', () =>
        reason.test(mesh.readLog(mesh.pod('web'), 'linkerd-proxy')),
      );
      expect(await countSeen()).toBe(before);
    });

    it('that cannot speak TLS 1.3 is refused with an alert', async () => {
      const { stdout, stderr } = await runClient(['-tls1_2']);
      expect(stderr).toMatch(/alert protocol version/);
      expect(stdout).not.toContain('HTTP/1.1');
      expect(await metrics('web')).toMatch(
        /inbound_http_errors_total\{error="tls",target_addr=[^}]*srv_port=/,
      );
    });

    it.each([
      ['byte by byte', (bytes: number) => Array.from({ length: bytes }, () => 1)],
      ['in two segments', (bytes: number) => [200, bytes - 200]],
      ['in two segments, the first of one byte', (bytes: number) => [1, bytes - 1]],
    ])('whose ClientHello comes %s is served', async (_, cut) => {
      const dribble = await startDribble(podIp(mesh.pod('web')), cut);
      const answer = await ask([], `127.0.0.1:${dribble.port}`);
      dribble.close();
      expect(answer.status).toBe(200);
    });

    it('that dials the proxy itself must show a certificate', async () => {
      const connect = `${podIp(mesh.pod('web'))}:4143`;
      const { stdout } = await runClient(['-alpn', 'transport.l5d.io/v1'], connect);
      expect(stdout).toContain('Verify return code: 0 (ok)');
      expect(stdout).not.toContain('HTTP/1.1');
      await waitUntil('the proxy has said why', () =>
        mesh
          .readLog(mesh.pod('web'), 'linkerd-proxy')
          .includes('direct connections must be mutually authenticated'),
      );
    });
  });
});

function targetOf(service: string) {
  return throughRelay(mesh, { service, port: APP_PORT });
}

/** Everything the peer has read, as far as it could decrypt it. */
function seenBy(peer: string): string {
  return mesh.readLog(mesh.pod(peer), 'linkerd-proxy');
}

function expectRefusal(answer: HttpAnswer | undefined, reason: RegExp): void {
  expect(answer?.status).toBe(504);
  const error = answer?.headers.get('l5d-proxy-error');
  expect(error).toMatch(/^logical service [\d.]+:8080: .*service in fail-fast: endpoint [\d.]+:8080: /);
  expect(error).toMatch(reason);
  expect(answer?.body).toBe('');
}

const ASK = `GET / HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n`;

function showing(files: PemFiles): readonly string[] {
  return ['-cert', files.cert, '-cert_chain', files.cert, '-key', files.key];
}

function runClient(args: readonly string[], connect = `${podIp(mesh.pod('web'))}:${APP_PORT}`) {
  const identity = nameWorkload('web');
  const check = ['-servername', identity, '-verify_hostname', identity, '-verify_return_error'];
  const trust = ['-CAfile', `${mesh.dir}/anchors.crt`];
  return runOpensslClient({ connect, args: [...check, ...trust, ...args], input: ASK });
}

/** Asks the app inside of TLS. */
async function ask(args: readonly string[], connect?: string): Promise<HttpAnswer> {
  const { stdout, stderr } = await runClient(args, connect);
  const start = stdout.indexOf('HTTP/1.1 ');
  if (start < 0) throw new Error(`no answer:\n${stdout}${stderr}`);
  return readAnswer(stdout.slice(start));
}

/** How many requests the app has had. */
async function countSeen(): Promise<number> {
  const { status, body } = await get({ host: podIp(mesh.pod('web')), port: APP_PORT }, '/seen');
  expect(status).toBe(200);
  return Number(body);
}

async function metrics(pod: string): Promise<string> {
  return (await get({ host: podIp(mesh.pod(pod)), port: 4191 }, '/metrics')).body;
}

/** A way to `host` on which what a client sends first goes on in pieces of the sizes that `cut` makes of it. */
async function startDribble(host: string, cut: (bytes: number) => readonly number[]) {
  const server = createServer((near) => {
    const far = connectTcp({ host, port: APP_PORT, noDelay: true });
    for (const socket of [near, far]) socket.on('error', () => {});
    far.pipe(near);
    near.once('data', (hello: Buffer) => {
      near.pause();
      void sendPieces(far, hello, cut(hello.length)).then(() => near.pipe(far));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function sendPieces(far: Socket, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  let at = 0;
  for (const size of sizes) {
    far.write(bytes.subarray(at, at + size));
    at += size;
    await sleep(2);
  }
}
