import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeAsRoot } from '../integration/mesh/as-root.ts';
import type { LocalMesh } from '../integration/mesh/local-mesh.ts';
import { report } from '../support/waiting.ts';
import { describeWith } from './mesh/describe-with.ts';
import {
  askInPod,
  type CommandRun,
  runInPod,
  startInteropMesh,
  WAYS,
  type Way,
} from './mesh/interop-mesh.ts';
import { GATEWAY_PORT, PORT } from './mesh/ports.ts';
import type { GrpcAnswers } from './pods/ask-grpc.ts';
import type { NatsAnswers } from './pods/ask-nats.ts';
import type { WebSocketAnswers } from './pods/ask-websocket.ts';

const DEADLINE_EXCEEDED = 4;
const UNIMPLEMENTED = 12;
const REQUESTS = 30;
const DETECTION_MS = 10_000;
/** For twice the time of detection, once at each side. */
const NATS_MOST_MS = 45_000;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let mesh: LocalMesh;

const hostOf = (service: string) => `${service}.shop.svc.cluster.local`;

/** What a command in a pod printed; throws where it failed. */
async function run(pod: string, command: readonly string[], more: Partial<CommandRun> = {}): Promise<string> {
  const { code, stdout, stderr } = await runInPod(mesh, { pod, command, ...more });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}

function curl({ from, to }: Way, port: number, ...args: readonly string[]): Promise<string> {
  const flags = args.filter((arg) => !arg.startsWith('/'));
  const urls = args.filter((arg) => arg.startsWith('/')).map((path) => `http://${hostOf(to)}:${port}${path}`);
  return run(from, ['curl', '-sS', '--fail', '--max-time', '40', ...flags, ...urls]);
}

describeAsRoot('programs of others', () => {
  beforeAll(async () => {
    mesh = await startInteropMesh();
  });
  afterAll(() => mesh?.stop());

  describe.each(WAYS)('$way', (way) => {
    describeWith(['curl'], 'curl', () => speakCurl(way));
    it('grpc-js', () => speakGrpc(way));
    describeWith(['nginx', 'curl'], 'nginx as server', () => askNginx(way));
    describeWith(['haproxy', 'curl'], 'HAProxy as server', () => askHaproxy(way));
    it('WebSocket', () => speakWebSocket(way.from, `ws://${hostOf(way.to)}:${PORT.websocket}/`));
    describeWith(['openssl', 'curl'], 'TLS of the application', () => speakTls(way));
    describeWith(['initdb', 'psql'], 'Postgres', () => speakPostgres(way));
    describeWith(['redis-server', 'redis-cli'], 'Redis', () => speakRedis(way));
    describeWith(['nats-server'], 'NATS', () => speakNats(way));
  });

  describe.each(['servers', 'plain'])('reverse proxies in the mesh, to %s', (service) => {
    describeWith(['nginx', 'curl'], 'nginx', () => askThroughNginx(service));
    describeWith(['haproxy', 'curl'], 'HAProxy', () => askThroughHaproxy(service));
  });
});

function speakCurl(way: Way): void {
  it('HTTP/1.1, with a connection kept', async () => {
    const out = await curl(way, PORT.echo, '-w', '%{http_version} %{num_connects}\n', '/a?b=c', '/d');
    expect(out).toMatch(/"method":"GET","url":"\/a\?b=c".*1\.1 1\n.*"url":"\/d".*1\.1 0\n/s);
  });

  it('HTTP/1.0, with and without a body', async () => {
    expect(await curl(way, PORT.echo, '--http1.0', '/')).toContain('"method":"GET"');
    expect(await curl(way, PORT.echo, '--http1.0', '-d', 'one=1', '/')).toContain('"body":"one=1"');
  });

  it('Expect: 100-continue, chunks, and HEAD', async () => {
    const expecting = await curl(way, PORT.echo, '-H', 'Expect: 100-continue', '-d', 'expected', '/');
    expect(expecting).toContain('"body":"expected"');
    const chunked = await curl(way, PORT.echo, '-H', 'Transfer-Encoding: chunked', '-d', 'in chunks', '/');
    expect(chunked).toContain('"body":"in chunks"');
    expect(await curl(way, PORT.echo, '--head', '/')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('a large answer, and one that is read slowly', async () => {
    const size = ['--output', '-', '-w', '\n%{size_download}'] as const;
    expect(await curl(way, PORT.echo, ...size, '/bytes?5000000')).toMatch(/x{1000}\n5000000$/);
    const slow = await curl(way, PORT.echo, '--limit-rate', '1M', ...size, '/bytes?3000000');
    expect(slow).toMatch(/x{1000}\n3000000$/);
  });

  it('HTTP/2 by prior knowledge, and an upgrade that is not taken', async () => {
    const version = ['-w', '%{http_version}'] as const;
    const get = await curl(way, PORT.echoH2, '--http2-prior-knowledge', ...version, '/x');
    expect(get).toMatch(/"url":"\/x".*2$/s);
    const post = await curl(way, PORT.echoH2, '--http2-prior-knowledge', '-d', 'over 2', '/');
    expect(post).toContain('"body":"over 2"');
    expect(await curl(way, PORT.echo, '--http2', ...version, '/x')).toMatch(/"url":"\/x".*1\.1$/s);
  });
}

async function speakGrpc({ from, to }: Way): Promise<void> {
  const answers = await askInPod<GrpcAnswers>(mesh, from, ['ask-grpc.ts', `${hostOf(to)}:${PORT.grpc}`]);
  expect(answers).toEqual({
    unary: 'hello',
    large: 1_000_000,
    streamed: 20,
    bidi: 50,
    late: DEADLINE_EXCEEDED,
    unknown: UNIMPLEMENTED,
  });
}

function askNginx(way: Way): void {
  it('HTTP/1.1: keep-alive, a range, compression', async () => {
    const answer = 'nginx GET /a HTTP/1.1\n';
    expect(await curl(way, PORT.nginx, '-w', '%{num_connects}\n', '/a', '/a')).toBe(
      `${answer}1\n${answer}0\n`,
    );
    expect(await curl(way, PORT.nginx, '-r', '10-14', '/file')).toBe('01234');
    expect((await curl(way, PORT.nginx, '--compressed', '/file')).length).toBe(1_000_000);
  });

  it('HTTP/2', async () => {
    expect(await curl(way, PORT.nginxH2, '--http2-prior-knowledge', '/b')).toBe('nginx GET /b HTTP/2.0\n');
  });
}

function askHaproxy(way: Way): void {
  it('HTTP/1.1 and HTTP/2', async () => {
    expect(await curl(way, PORT.haproxy, '/')).toBe('haproxy GET HTTP/1.1');
    expect(await curl(way, PORT.haproxyH2, '--http2-prior-knowledge', '/')).toBe('haproxy GET HTTP/2.0');
  });
}

async function speakWebSocket(pod: string, url: string): Promise<void> {
  const answers = await askInPod<WebSocketAnswers>(mesh, pod, ['ask-websocket.ts', url]);
  expect(answers).toEqual({ messages: ['hello', 'é'.repeat(200), 100_000, 0], code: 1000 });
}

function speakTls({ from, to }: Way): void {
  it('reaches the application, with its own certificate', async () => {
    const target = `${hostOf(to)}:${PORT.tls}`;
    const flags = ['-connect', target, '-servername', 'tls.interop.example', '-ign_eof'];
    const input = 'GET /s HTTP/1.1\r\nHost: tls.interop.example\r\nConnection: close\r\n\r\n';
    const client = await run(from, ['openssl', 's_client', ...flags], { input });
    expect(client).toMatch(/subject=CN = tls\.interop\.example/);
    expect(client).toContain('tls GET /s\n');
    expect(await run(from, ['curl', '-sSk', '--max-time', '40', `https://${target}/c`])).toBe('tls GET /c\n');
  });
}

function speakPostgres({ from, to }: Way): void {
  it.each([
    ['opaque', PORT.postgres],
    ['detected', PORT.postgresDetected],
  ] as const)('through the %s port', async (_, port) => {
    const psql = (...args: string[]) =>
      run(from, ['psql', '-h', hostOf(to), '-p', `${port}`, '-U', 'postgres', '-XAtq', ...args]);
    const table = `t${port}_${from}`;
    const sql = [
      `create table ${table} as select n, repeat('x', 100) as text from generate_series(1, 20000) as n`,
      `select count(*), sum(n) from ${table}`,
    ];
    expect(await psql(...sql.flatMap((line) => ['-c', line]))).toBe('20000|200010000\n');
    expect((await psql('-c', `copy ${table} to stdout`)).trimEnd().split('\n')).toHaveLength(20_000);
  });
}

function speakRedis({ from, to }: Way): void {
  it.each([
    ['opaque', PORT.redis],
    ['detected', PORT.redisDetected],
  ] as const)('through the %s port', async (_, port) => {
    const redis = (args: readonly string[], input = '') =>
      run(from, ['redis-cli', '-h', hostOf(to), '-p', `${port}`, ...args], { input });
    expect(await redis(['ping'])).toBe('PONG\n');
    expect(await redis(['-x', 'set', 'large'], 'v'.repeat(2_000_000))).toBe('OK\n');
    expect(await redis(['get', 'large'])).toHaveLength(2_000_001);
    const commands = Array.from({ length: 10_000 }, (_unused, at) => `SET key:${at} ${at}\r\n`).join('');
    expect(await redis(['--pipe'], commands)).toMatch(/errors: 0, replies: 10000/);
  });
}

function speakNats(way: Way): void {
  const ask = (port: number) =>
    askInPod<NatsAnswers>(mesh, way.from, ['ask-nats.ts', hostOf(way.to), `${port}`]);

  it('through the opaque port', async () => {
    const { message, waitedMs } = await ask(PORT.natsOpaque);
    report(`NATS, ${way.way}, opaque: the server's first line after ${waitedMs.toFixed(0)} ms`);
    expect(message).toBe('hello');
    expect(waitedMs).toBeLessThan(DETECTION_MS);
  });

  // Its server speaks first, so that proxies wait in vain for what the client will say.
  if (way.from === 'client') {
    it('through the detected port, once the time of detection is over', async () => {
      const { message, waitedMs } = await ask(PORT.nats);
      report(`NATS, ${way.way}, detected: the server's first line after ${waitedMs.toFixed(0)} ms`);
      expect(message).toBe('hello');
      expect(waitedMs).toBeGreaterThan(DETECTION_MS / 2);
      expect(waitedMs).toBeLessThan(NATS_MOST_MS);
    });
    return;
  }
  it('is closed at the detected port: there might be a ClientHello still (as upstream has it)', async () => {
    await expect(ask(PORT.nats)).rejects.toThrow(/ECONNRESET|without an answer/);
  });
}

/** How many connections the reverse proxies have made through their proxy so far. */
async function countConnections(): Promise<number> {
  const page = await run('gateways', ['curl', '-sS', 'http://127.0.0.1:4191/metrics']);
  const lines = page
    .split('\n')
    .filter((line) => line.startsWith('tcp_open_total{direction="outbound",peer="src"'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Asks a reverse proxy again and again, one after the other; gives back how many connections that took it. */
async function askAgainAndAgain(url: string): Promise<number> {
  const ask = ['curl', '-sS', '--fail', '--max-time', '40', '-d', 'kept'];
  await run('client', [...ask, url]);
  const before = await countConnections();
  const out = await run('client', [...ask, ...Array.from({ length: REQUESTS }, () => url)]);
  expect(out.match(/"method":"POST".*?"body":"kept"/g)).toHaveLength(REQUESTS);
  return (await countConnections()) - before;
}

function askThroughNginx(service: string): void {
  const gateway = `${hostOf('gateways')}:${GATEWAY_PORT.nginx}`;
  it('keeps its connections', async () => {
    expect(await askAgainAndAgain(`http://${gateway}/${service}/`)).toBeLessThan(REQUESTS / 3);
  });

  it('passes a WebSocket on', () => speakWebSocket('client', `ws://${gateway}/ws/${service}`));
}

function askThroughHaproxy(service: string): void {
  const gateway = `${hostOf('gateways')}:${GATEWAY_PORT.haproxy}`;
  it.each([
    ['HTTP/1.1', ''],
    ['HTTP/2', '/h2'],
  ])('keeps its connections of %s', async (_, prefix) => {
    expect(await askAgainAndAgain(`http://${gateway}${prefix}/${service}/`)).toBeLessThan(REQUESTS / 3);
  });
}
