import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointSlice, Pod, Service } from '#lib/resources';
import { type InstanceState, readInstance } from '../../services/cli/local/state/instance.ts';

const MAIN = new URL('../../services/cli/main.ts', import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;
if (!isRoot && process.env['REQUIRE_LAB'] === '1')
  throw new Error('REQUIRE_LAB is set, and this test needs root');

let count = 0;
let name: string;
let dir: string;
let up: ChildProcess | undefined;
let printed: string;

/** Answers with what it was started with, and its name; ready once /tmp has the file that its env names. */
function web(
  options: { replicas?: number; greeting?: string; ready?: string; inject?: boolean } = {},
): string {
  const script = [
    'const http=require("http"),fs=require("fs"),{GREETING,POD,READY_FILE}=process.env;',
    'http.createServer((q,s)=>{s.statusCode=q.url==="/ready"&&READY_FILE&&!fs.existsSync(READY_FILE)?503:200;',
    's.end([GREETING,POD,q.headers["l5d-client-id"]??"-"].join(" ")+"\\n")}).listen(8080);',
    'process.on("SIGTERM",()=>process.exit(0))',
  ].join('');
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: ${options.replicas ?? 1}
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { linkerd.io/inject: ${options.inject === true ? 'enabled' : 'disabled'} }
    spec:
      containers:
        - name: web
          command: [node, -e]
          args: [${JSON.stringify(script)}]
          env:
            - { name: GREETING, value: "${options.greeting ?? 'hello'}" }
            - { name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
            - { name: READY_FILE, value: "${options.ready ?? ''}" }
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /ready, port: http }, periodSeconds: 1, failureThreshold: 1 }
          volumeMounts: [{ name: conf, mountPath: /etc/web }, { name: data, mountPath: /data }]
      volumes:
        - { name: conf, configMap: { name: conf } }
        - { name: data, emptyDir: {} }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: conf, namespace: shop }
data: { text: "${options.greeting ?? 'hello'}" }
`;
}

function client(options: { inject?: boolean } = {}): string {
  return `
apiVersion: v1
kind: Pod
metadata:
  name: client
  namespace: shop
  annotations: { linkerd.io/inject: ${options.inject === true ? 'enabled' : 'disabled'} }
spec: { containers: [{ name: client, command: [sleep, "1000000"] }], terminationGracePeriodSeconds: 1 }
`;
}

function write(file: string, text: string): void {
  writeFileSync(join(dir, file), text);
}

function linkerd(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args, '--name', name], { encoding: 'utf8' });
}

/** Runs `up` in the foreground and waits until it says that everything is ready. */
async function startMesh(...flags: string[]): Promise<void> {
  printed = '';
  const child = spawn(process.execPath, [MAIN, 'local', 'up', '-f', dir, '--name', name, ...flags]);
  up = child;
  const collect = (text: Buffer) => {
    printed += text.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  await waitFor(
    () => (child.exitCode === null ? readInstance(name)?.instance.ready === true : fail(printed)),
    90_000,
  );
}

function fail(reason: string): never {
  throw new Error(reason);
}

async function waitFor(condition: () => boolean, timeoutMs = 10_000): Promise<number> {
  const startMs = performance.now();
  while (!condition()) {
    if (performance.now() - startMs > timeoutMs)
      fail(`waited in vain for ${condition}; up said:\n${printed}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startMs;
}

function state(): InstanceState {
  return readInstance(name) ?? fail('there is no mesh');
}

function webPods(): Pod[] {
  return state().pods.filter(({ metadata }) => metadata.name.startsWith('web-'));
}

function clusterIp(): string {
  const service = state().objects.find(
    (object): object is Service => object.kind === 'Service' && object.metadata.name === 'web',
  );
  return service?.spec.clusterIP ?? fail('the Service has no cluster IP');
}

function readyEndpoints(): string[] {
  const slices = state().objects.filter((object): object is EndpointSlice => object.kind === 'EndpointSlice');
  return slices
    .filter((slice) => slice.metadata.namespace === 'shop')
    .flatMap((slice) => slice.endpoints)
    .filter((endpoint) => endpoint.conditions?.ready === true)
    .flatMap((endpoint) => endpoint.addresses);
}

/** Runs a command inside of a pod's container, as `kubectl exec` would. */
function inPod(pod: string, ...command: string[]): string {
  const status = state().pods.find(({ metadata }) => metadata.name.startsWith(pod))?.status;
  const [container] = (status?.containerStatuses ?? []) as { pid: number }[];
  const enter = ['--target', `${container?.pid}`, '--mount', '--net', '--uts', '--root'];
  const { stdout, stderr } = spawnSync('nsenter', [...enter, '--', ...command], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return (stdout || stderr).trim();
}

function curl(...args: string[]): string[] {
  return ['curl', '-sS', '--max-time', '5', ...args];
}

/** What a local mesh may leave behind: namespaces, links, routes, firewall rules, processes, files. */
function takeInventory(): Record<string, unknown> {
  const run = (...command: string[]) =>
    execFileSync(command[0] ?? '', command.slice(1), { encoding: 'utf8' });
  const mine = (lines: string) => lines.split('\n').filter((line) => line.includes(name));
  return {
    netns: mine(existsSync('/run/netns') ? readdirSync('/run/netns').join('\n') : ''),
    links: mine(run('ip', '-br', 'link')),
    routes: mine(run('ip', 'route', 'show', 'table', 'all')),
    nat: run('iptables-save', '-t', 'nat').replace(/^#.*$|\[\d+:\d+\]/gm, ''),
    processes: mine(run('ps', '-eo', 'args')).filter((line) => !line.startsWith('ps ')),
    sleeping: run('ps', '-eo', 'args')
      .split('\n')
      .filter((line) => line === 'sleep 1000000'),
    files: existsSync(`/run/linkerd-local/${name}`),
    mounts: mine(run('cat', '/proc/mounts')),
  };
}

describe.runIf(isRoot)('linkerd local', () => {
  beforeEach(() => {
    count += 1;
    // Short enough that the interface is named after it.
    name = `t${process.pid % 100_000}-${count}`;
    dir = mkdtempSync(join(tmpdir(), 'linkerd-local-'));
    printed = '';
  });

  afterEach(async () => {
    if (up !== undefined && up.exitCode === null && up.signalCode === null) {
      up.kill('SIGTERM');
      await once(up, 'exit');
    }
    up = undefined;
    linkerd('local', 'down');
    rmSync(dir, { recursive: true, force: true });
  });

  it('gives pods names, cluster IPs and volumes, and the host a way to them', async () => {
    write('web.yaml', web({ replicas: 2 }));
    write('client.yaml', client());
    await startMesh('--no-mesh');
    const answers = new Set(Array.from({ length: 20 }, () => inPod('client', ...curl('http://web/'))));
    expect([...answers].every((answer) => answer.startsWith('hello web-'))).toBe(true);
    expect(answers.size).toBe(2);
    expect(inPod('client', ...curl('http://web.shop.svc.cluster.local/'))).toMatch(/^hello web-/);
    expect(inPod('client', ...curl('http://nobody/'))).toMatch(/Could not resolve host/);
    expect(execFileSync('curl', ['-s', `http://${clusterIp()}/`], { encoding: 'utf8' })).toMatch(
      /^hello web-/,
    );
    expect(execFileSync('curl', ['-s', `http://${readyEndpoints()[0]}:8080/`], { encoding: 'utf8' })).toMatch(
      /^hello web-/,
    );
    expect(inPod('web', 'cat', '/etc/web/text')).toBe('hello');
    expect(inPod('web', 'sh', '-c', 'echo kept > /data/file && cat /data/file')).toBe('kept');
    expect([existsSync('/etc/web'), existsSync('/data/file')]).toEqual([false, false]);
    const status = linkerd('local', 'status');
    expect(status.stdout).toMatch(/NAMESPACE +NAME +READY +STATUS +RESTARTS +IP +MESHED\n/);
    expect(status.stdout).toMatch(/shop +client +1\/1 +Running +0 +10\.[\d.]+ +no\n/);
    expect(JSON.parse(linkerd('local', 'status', '-o', 'json').stdout)).toMatchObject({
      running: true,
      ready: true,
    });
  });

  it('sends no traffic to a pod that is not ready, and refuses a Service without one', async () => {
    const ready = join(dir, 'ready');
    writeFileSync(ready, '');
    write('web.yaml', web({ ready }));
    await startMesh('--no-mesh');
    expect(readyEndpoints()).toHaveLength(1);
    // Also from the pod that the cluster IP leads back to.
    expect(inPod('web', ...curl('http://web/'))).toMatch(/^hello/);
    rmSync(ready);
    await waitFor(() => readyEndpoints().length === 0);
    const refused = spawnSync('curl', ['-sS', `http://${clusterIp()}/`], { encoding: 'utf8' });
    expect(refused.stderr).toMatch(/Connection refused|Failed to connect/);
    writeFileSync(ready, '');
    await waitFor(() => readyEndpoints().length === 1);
    expect(execFileSync('curl', ['-s', `http://${clusterIp()}/`], { encoding: 'utf8' })).toMatch(/^hello/);
  });

  it('takes an edit within a second, and rolls without a failed request', async () => {
    write('web.yaml', web({ replicas: 1 }));
    await startMesh('--no-mesh');
    const ip = clusterIp();
    write('web.yaml', web({ replicas: 3 }));
    const tookMs = await waitFor(() => webPods().length === 3);
    expect(tookMs).toBeLessThan(1000);
    await waitFor(() => readyEndpoints().length === 3);
    const failures: string[] = [];
    let rolling = true;
    const load = (async () => {
      while (rolling) {
        const answer = await fetch(`http://${ip}/`, { headers: { connection: 'close' } }).then(
          (r) => r.text(),
          String,
        );
        if (!/^(hello|bye) web-/.test(answer)) failures.push(answer);
      }
    })();
    const hashes = () => webPods().map((pod) => pod.metadata.labels?.['pod-template-hash']);
    const [before] = hashes();
    write('web.yaml', web({ replicas: 3, greeting: 'bye' }));
    await waitFor(
      () => !hashes().includes(before) && hashes().length === 3 && state().instance.ready,
      20_000,
    );
    rolling = false;
    await load;
    expect(failures).toEqual([]);
    expect(clusterIp()).toBe(ip);
    expect(await fetch(`http://${ip}/`).then((r) => r.text())).toMatch(/^bye/);
  });

  it('refuses a broken manifest with file, line and field, and keeps the last good state', async () => {
    write('web.yaml', web());
    await startMesh('--no-mesh');
    write('web.yaml', web({ replicas: 2 }).replace('containerPort: 8080', 'containerPort: 80800'));
    await waitFor(() => printed.includes('the last good state stays'));
    expect(printed).toMatch(
      /× \S+web\.yaml:\d+: spec\.template\.spec\.containers\[0\]\.ports\[0\]\.containerPort: .*80800/,
    );
    expect(state().pods).toHaveLength(1);
    write('web.yaml', web({ replicas: 2 }));
    await waitFor(() => readyEndpoints().length === 2);
    await waitFor(() => up?.kill(0) === true && state().instance.ready);
    const broken = spawnSync(
      process.execPath,
      [MAIN, 'local', 'up', '-f', '/nowhere', '--name', `${name}x`],
      { encoding: 'utf8' },
    );
    expect(broken.status).toBe(1);
    expect(broken.stderr).toMatch(/^Error: .*\/nowhere.*\n$/);
  });

  it('starts a container again that ends, with a delay', async () => {
    write('pod.yaml', client().replace('sleep, "1000000"', 'sh, -c, "exit 3"'));
    const child = spawn(process.execPath, [MAIN, 'local', 'up', '-f', dir, '--name', name, '--no-mesh']);
    up = child;
    const statusOf = () =>
      readInstance(name)?.pods[0]?.status as
        | { reason?: string; containerStatuses?: { restartCount: number }[] }
        | undefined;
    await waitFor(() => statusOf()?.reason === 'CrashLoopBackOff', 20_000);
    expect(statusOf()?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0);
  });

  it('leaves nothing behind after a signal', async () => {
    const before = takeInventory();
    write('all.yaml', `${web({ replicas: 2 })}---${client()}`);
    await startMesh('--no-mesh');
    expect(takeInventory()).not.toEqual(before);
    up?.kill('SIGINT');
    await once(up as ChildProcess, 'exit');
    expect(up?.exitCode, printed).toBe(0);
    expect(takeInventory()).toEqual(before);
  });

  it('removes with down what a crash has left behind, and a second down is no error', async () => {
    const before = takeInventory();
    write('all.yaml', `${web({ replicas: 2 })}---${client()}`);
    await startMesh('--no-mesh');
    up?.kill('SIGKILL');
    await once(up as ChildProcess, 'exit');
    expect(takeInventory()).not.toEqual(before);
    expect(linkerd('local', 'down')).toMatchObject({
      status: 0,
      stdout: `√ the local mesh ${name} is down\n`,
    });
    expect(takeInventory()).toEqual(before);
    expect(linkerd('local', 'down')).toMatchObject({
      status: 0,
      stdout: `‼ there is no local mesh named ${name}\n`,
    });
  });

  it('runs in the background with --detach, and one name once', async () => {
    write('client.yaml', client());
    const first = linkerd('local', 'up', '-f', dir, '--no-mesh', '--detach', '--wait', '30s');
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(state()).toMatchObject({ running: true, instance: { ready: true } });
    const second = linkerd('local', 'up', '-f', dir, '--no-mesh');
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/^Error: a local mesh named \S+ is running already.*down --name.*\n$/);
    expect(linkerd('local', 'down').status).toBe(0);
    expect(readInstance(name)).toBeUndefined();
  });

  it('puts a proxy beside pods that ask for one, and its identity on their requests', async () => {
    write('web.yaml', web({ inject: true }));
    write('client.yaml', client({ inject: true }));
    await startMesh();
    const identity = 'default.shop.serviceaccount.identity.linkerd.cluster.local';
    await waitFor(() => inPod('client', ...curl('http://web/')).endsWith(` ${identity}`), 20_000);
    expect(execFileSync('curl', ['-s', `http://${clusterIp()}/`], { encoding: 'utf8' })).toMatch(
      /^hello web-\S+ -\n$/,
    );
    expect(linkerd('local', 'status').stdout).toMatch(/shop +client +2\/2 +Running +0 +10\.[\d.]+ +yes\n/);
  });
});
