import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');

/** The admin port of a proxy that gets ready at its `readyAt`th answer. */
interface FakeProxy {
  readonly server: Server;
  readonly port: number;
  readonly requests: string[];
}

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function startAdmin(readyAt: number): Promise<FakeProxy> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(requests.length >= readyAt ? 200 : 503).end('\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return { server, port: (server.address() as AddressInfo).port, requests };
}

/** A port of 127.0.0.1 on which nobody listens. */
async function findClosedPort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function finish(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stdout, stderr })));
}

const run = (args: readonly string[], env?: Record<string, string>): Promise<Outcome> =>
  finish(start(args, env));

describe('linkerd-await', () => {
  it('ends well once the proxy is ready, and asks until then', async () => {
    const { port, requests } = await startAdmin(3);
    expect(await run([`--port=${port}`, '--timeout=2m'])).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(requests).toEqual(['GET /ready', 'GET /ready', 'GET /ready']);
  });

  it('gives up with status 69 and the last answer', async () => {
    const { port } = await startAdmin(Number.POSITIVE_INFINITY);
    const { status, stderr } = await run([`--port=${port}`, '--timeout=300ms', '--', 'echo', 'never']);
    expect(status).toBe(69);
    expect(stderr).toContain(`not ready within 300 ms (http://127.0.0.1:${port}/ready: status 503)`);
  });

  it('runs the command all the same where the timeout is not fatal', async () => {
    const port = await findClosedPort();
    const args = [`--port=${port}`, '--timeout=200ms', '--timeout-fatal=false', '--', 'echo', 'ran'];
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' });
    expect(stderr).toContain('ECONNREFUSED');
  });

  it('becomes the command, under the same process id', async () => {
    const { port } = await startAdmin(1);
    const child = start([`--port=${port}`, '--', 'sh', '-c', 'echo $$; exit 5']);
    expect(await finish(child)).toEqual({ status: 5, stdout: `${child.pid}\n`, stderr: '' });
  });

  it('shuts the proxy down after the command, and gives its status', async () => {
    const { port, requests } = await startAdmin(1);
    const { status } = await run([`--port=${port}`, '--shutdown', '--', 'sh', '-c', 'exit 4']);
    expect(status).toBe(4);
    expect(requests).toEqual(['GET /ready', 'POST /shutdown']);
  });

  it('hands SIGTERM on to the command that it stays beside', async () => {
    const { port, requests } = await startAdmin(1);
    const script = 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done';
    const child = start([`--port=${port}`, '--shutdown', '--', 'sh', '-c', script]);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    expect((await finish(child)).status).toBe(7);
    expect(requests.at(-1)).toBe('POST /shutdown');
  });

  it('asks nobody where it is disabled, and says why when asked to', async () => {
    const { port, requests } = await startAdmin(1);
    const env = { LINKERD_DISABLED: 'Linkerd is off here' };
    expect(await run([`--port=${port}`, '-v', '-S', '--', 'echo', 'ran'], env)).toEqual({
      status: 0,
      stdout: 'ran\n',
      stderr: 'linkerd-await: no wait for the proxy: Linkerd is off here\n',
    });
    expect(requests).toEqual([]);
  });

  it.each([
    [['--port=none'], 2, '--port "none" is not valid'],
    [['--', '/no/such/program'], 71, 'the command /no/such/program cannot be run'],
    [['--', 'no-such-program'], 71, 'not found in PATH'],
  ])('says what is wrong with %j', async (args, status, message) => {
    const outcome = await run(args, { LINKERD_AWAIT_DISABLED: 'test' });
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).toContain(message);
  });
});
