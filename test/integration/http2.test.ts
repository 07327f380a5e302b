import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sleep, waitUntil } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import {
  END_HEADERS,
  encodeFrame,
  encodeGet,
  encodeRequest,
  encodeSettings,
  encodeUint32,
  openH2,
  type RawH2,
  TYPE,
} from './mesh/h2-frames.ts';
import { openSession } from './mesh/h2-session.ts';
import { containerOf, type LocalMesh, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildNamespace, buildWorkload } from './mesh/manifests.ts';
import type { RawTarget } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

/** The workloads of the mesh, and the program of each. */
const APPS = { web: 'http2-app.ts', resets: 'http2-resets.ts' } as const;
const PORT = 8081;
/** Longer than the time for detection, the fail-fast and the idle time of pools. */
const IDLE_MS = 12_000;
const ACK = 1;
const MAX_STREAM_ID = 0x7fffffff;
const SETTING = { initialWindow: 4, enableConnectProtocol: 8 } as const;
const PROTOCOL_ERROR = 1;

/** INTERNAL_ERROR, CANCEL, ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED. */
const CODES = [2, 8, 11, 13];

type Side = 'inbound' | 'outbound';
type App = keyof typeof APPS;

let mesh: LocalMesh;
const sessions: ClientHttp2Session[] = [];

function targetOf(side: Side, app: App = 'web'): RawTarget {
  if (side === 'inbound') return { host: podIp(mesh.pod(app)), port: PORT };
  return throughRelay(mesh, { service: app, port: PORT });
}

function open(side: Side, app: App = 'web'): ClientHttp2Session {
  const session = openSession(targetOf(side, app));
  sessions.push(session);
  return session;
}

interface Answer {
  readonly head: Readonly<Record<string, unknown>>;
  readonly interim: readonly Readonly<Record<string, unknown>>[];
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>> | undefined;
  readonly headEnded: boolean;
  readonly code: number;
}

/** How a stream went, once it is over. */
function readAnswer(stream: ClientHttp2Stream): Promise<Answer> {
  let head: Record<string, unknown> = {};
  const interim: Record<string, unknown>[] = [];
  let trailers: Record<string, unknown> | undefined;
  let headEnded = false;
  let body = '';
  stream.on('response', (headers, flags) => {
    head = { ...headers };
    headEnded = (flags & 1) !== 0;
  });
  stream.on('headers', (headers) => interim.push({ ...headers }));
  stream.on('trailers', (headers) => {
    trailers = { ...headers };
  });
  stream.on('data', (chunk: Buffer) => {
    body += chunk.toString('latin1');
  });
  stream.on('error', () => {});
  return new Promise((resolve) => {
    stream.on('close', () => resolve({ head, interim, body, trailers, headEnded, code: stream.rstCode }));
  });
}

function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders): Promise<Answer> {
  return readAnswer(session.request(headers, { endStream: true }));
}

describeAsRoot('HTTP/2', () => {
  beforeAll(async () => {
    mesh = await startLocalMesh({
      name: 'http2',
      manifests: () => [
        buildNamespace(),
        ...Object.entries(APPS).flatMap(([name, program]) =>
          buildWorkload({
            name,
            command: ['node', new URL(`pods/${program}`, import.meta.url).pathname],
            readyPath: '/',
            env: { PORT: '8080', H2_PORT: `${PORT}` },
            ports: { http: 8080, http2: PORT },
          }),
        ),
        ...buildRelay(),
      ],
    });
  });
  afterAll(() => mesh?.stop());
  afterEach(() => {
    for (const session of sessions.splice(0)) session.destroy();
  });

  describe.each(['inbound', 'outbound'] as const)('at the %s proxy', (side) => suite(side));

  // The last: a proxy goes.
  it('a proxy that is told to end lets requests in flight finish, and says so in two steps', () =>
    drain('inbound'));
});

function suite(side: Side): void {
  it('keeps the code of a reset by the app in place of an answer', async () => {
    const session = open(side);
    for (const code of CODES) {
      expect(await ask(session, { ':path': `/reset?${code}` })).toMatchObject({ head: {}, code });
    }
  });

  it('keeps the code of a reset by the app in the middle of a body', async () => {
    const session = open(side, 'resets');
    const answers = await Promise.all(CODES.map(() => ask(session, { ':path': '/' })));
    for (const answer of answers) expect(answer).toMatchObject({ head: { ':status': 200 }, body: 'half' });
    expect(answers.map(({ code }) => code).sort((a, b) => a - b)).toEqual(CODES);
  });

  it('keeps the codes of resets by the client', async () => {
    const session = open(side);
    for (const code of CODES) {
      const stream = session.request({ ':method': 'POST', ':path': '/wait' });
      const over = readAnswer(stream);
      stream.write('x');
      await sleep(100);
      stream.close(code);
      await over;
    }
    await waitUntil('the app has heard of all resets', async () => {
      const seen = JSON.parse((await ask(session, { ':path': '/resets' })).body) as number[];
      return CODES.every((code) => seen.includes(code));
    });
  });

  it('passes a response that is only trailers on as one header section with its end', async () => {
    const answer = await ask(open(side), { ':path': '/trailers-only', ':method': 'POST' });
    expect(answer).toMatchObject({ headEnded: true, body: '', trailers: undefined, code: 0 });
    expect(answer.head).toMatchObject({ 'grpc-status': '5', 'grpc-message': 'no such thing' });
  });

  it('passes interim responses on', async () => {
    const answer = await ask(open(side), { ':path': '/hints' });
    expect(answer.interim.map((head) => head[':status'])).toEqual([100, 103]);
    expect(answer.interim[1]).toMatchObject({ link: '</style.css>; rel=preload' });
    expect(answer).toMatchObject({ head: { ':status': 200 }, body: 'hinted' });
  });

  it('keeps a stream that is silent in both directions open', async () => {
    const stream = open(side).request({ ':method': 'POST', ':path': '/echo' }, { endStream: false });
    const over = readAnswer(stream);
    stream.write('before ');
    await sleep(IDLE_MS);
    stream.end('after');
    expect(await over).toMatchObject({ body: 'before after', trailers: { 'x-end': 'whole' }, code: 0 });
  });

  it('asks a silent client whether it lives: one that answers stays, one that does not goes', async () => {
    const dead = openH2(targetOf(side));
    const alive = openH2(targetOf(side));
    const { payload } = await withPatience(alive, () => alive.frames().some(isPing));
    alive.send(encodeFrame(TYPE.ping, 0, payload, ACK));
    await dead.raw.untilEnded(20_000);
    expect(dead.frames().some(isPing)).toBe(true);
    alive.send(encodeRequest(1, encodeGet('/bytes?10')));
    expect(await alive.body(1)).toBe('x'.repeat(10));
    alive.raw.close();
    dead.raw.close();
  });

  it('carries a tunnel of CONNECT, and refuses the extended one, which it does not offer', async () => {
    const session = open(side);
    const stream = session.request({ ':method': 'CONNECT', ':authority': `web:${PORT}` });
    const over = readAnswer(stream);
    stream.write('ping ');
    await sleep(100);
    stream.end('pong');
    expect(await over).toMatchObject({ head: { ':status': 200 }, body: 'ping pong' });
    const raw = openH2(targetOf(side));
    raw.send(encodeRequest(1, encodeGet('/echo', [':protocol', 'websocket']), END_HEADERS));
    expect(await raw.reset(1)).toBe(PROTOCOL_ERROR);
    const { payload } = await raw.frame(TYPE.settings);
    const offered = Array.from({ length: payload.length / 6 }, (_, at) => payload.readUInt16BE(at * 6));
    expect(offered).not.toContain(SETTING.enableConnectProtocol);
    raw.raw.close();
  });

  it('follows settings that change while bodies flow', async () => {
    const session = open(side);
    const bodies = Array.from({ length: 20 }, () => ask(session, { ':path': '/bytes?150000' }));
    for (const initialWindowSize of [10, 100_000, 0, 200_000, 1000]) {
      session.settings({ initialWindowSize, headerTableSize: initialWindowSize });
      await sleep(20);
    }
    for (const { body, code } of await Promise.all(bodies)) {
      expect([body.length, code]).toEqual([150_000, 0]);
    }
  });

  it('sends nothing into a window that became negative until it is positive again', async () => {
    const raw = openH2(targetOf(side));
    raw.send(encodeRequest(1, encodeGet('/bytes?200000')));
    await raw.raw.until(() => countData(raw) === 65_535);
    raw.send(
      encodeSettings([SETTING.initialWindow, 1000]),
      encodeFrame(TYPE.windowUpdate, 0, encodeUint32(1_000_000)),
      encodeFrame(TYPE.windowUpdate, 1, encodeUint32(64_535)),
    );
    await sleep(300);
    expect(countData(raw)).toBe(65_535);
    raw.send(encodeFrame(TYPE.windowUpdate, 1, encodeUint32(500)));
    await raw.raw.until(() => countData(raw) === 66_035);
    raw.send(encodeFrame(TYPE.windowUpdate, 1, encodeUint32(200_000)));
    expect((await raw.body(1)).length).toBe(200_000);
    raw.raw.close();
  });
}

async function drain(side: Side): Promise<void> {
  const raw = openH2(targetOf(side));
  raw.send(encodeRequest(1, encodeGet('/slow?3000')));
  await raw.frame(TYPE.settings);
  await sleep(500);
  const { pid } = containerOf(mesh.pod('web'), 'linkerd-proxy');
  if (pid === undefined) throw new Error('the proxy of web does not run');
  process.kill(pid, 'SIGTERM');
  expect((await raw.frame(TYPE.goAway)).payload.readUInt32BE(0)).toBe(MAX_STREAM_ID);
  // A request that was on its way when the first GOAWAY came is still served.
  raw.send(encodeRequest(3, encodeGet('/bytes?5')));
  const ping = await withPatience(raw, () => raw.frames().some(isPing));
  raw.send(encodeFrame(TYPE.ping, 0, ping.payload, ACK));
  expect(await raw.body(3)).toBe('xxxxx');
  expect(await raw.body(1)).toBe('late');
  await raw.raw.untilEnded();
  const last = raw
    .frames()
    .filter(({ type }) => type === TYPE.goAway)
    .slice(1);
  expect(last.length).toBeGreaterThan(0);
  for (const { payload } of last) expect([payload.readUInt32BE(0), payload.readUInt32BE(4)]).toEqual([3, 0]);
  raw.raw.close();
}

function isPing({ type, flags }: { type: number; flags: number }): boolean {
  return type === TYPE.ping && (flags & ACK) === 0;
}

/** Waits for a PING, which comes after ten seconds of silence. */
async function withPatience(raw: RawH2, done: () => boolean): Promise<{ payload: Buffer }> {
  await raw.raw.until(done, 20_000);
  const ping = raw.frames().find(isPing);
  if (ping === undefined) throw new Error('ended without a PING');
  return ping;
}

function countData(raw: RawH2): number {
  const data = raw.frames().filter(({ type }) => type === TYPE.data);
  return data.reduce((sum, { payload }) => sum + payload.length, 0);
}
