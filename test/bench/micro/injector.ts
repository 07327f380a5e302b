/**
 * What an admission costs the injector, over the wire: `node test/bench/micro/injector.ts`. The shipped bundle runs in a
 * process of its own under the shipped flags; 50 connections ask at once, as an API server does (HTTP/1.1, TLS 1.3).
 * Target: ≤ 5 ms at the median with 50 at once. `PROF=folder` writes a CPU profile, `ROUNDS` is how often 50 ask.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { bundleProgram } from '../../../esbuild.config.ts';
import { startFakeApiServer } from '../../../services/lib/cluster/testing/api-server.ts';
import {
  buildNamespace,
  buildWebhookConfiguration,
  createInjectorFolder,
} from '../../../services/proxy-injector/testing/injector.ts';
import { readCpuUs, readPrivateMb } from '../process-usage.ts';

const AT_ONCE = 50;
const ROUNDS = Number(process.env['ROUNDS'] ?? 100);
const WARM_ROUNDS = 40;
const BLOCK = 10;
const PROF = process.env['PROF'];

interface Injector {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the bundle and waits for its line that it is ready. Its log is read and thrown away. */
async function startInjector(dir: string, args: readonly string[]): Promise<Injector> {
  await bundleProgram('proxy-injector', dir);
  const flags = PROF === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${PROF}`];
  const more = process.env['FLAGS']?.split(' ') ?? [];
  const child = spawn(process.execPath, [...flags, ...more, join(dir, 'proxy-injector.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<number>();
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (log.includes('is ready')) return;
    log += chunk.toString();
    const port = /proxy-injector is ready" port=(\d+)/.exec(log)?.[1];
    if (port !== undefined) ready.resolve(Number(port));
  });
  child.once('exit', () => ready.reject(new Error(`the injector ended: ${log}`)));
  const port = await ready.promise;
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** A connection that asks one thing after the other. */
interface Asker {
  /** Resolves with the milliseconds to the last byte of the answer. */
  ask(request: Buffer): Promise<number>;
  close(): void;
}

async function openAsker(port: number): Promise<Asker> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  let missing = -1;
  let startMs = 0;
  let answered: PromiseWithResolvers<number> = Promise.withResolvers();
  socket.on('data', (chunk: Buffer) => {
    if (missing < 0) {
      const head = chunk.latin1Slice(0, chunk.indexOf('\r\n\r\n') + 4);
      if (!head.startsWith('HTTP/1.1 200')) answered.reject(new Error(chunk.toString()));
      missing = Number(/content-length: (\d+)/i.exec(head)?.[1]) + head.length;
    }
    missing -= chunk.length;
    if (missing > 0) return;
    missing = -1;
    answered.resolve(performance.now() - startMs);
  });
  socket.on('error', (error) => answered.reject(error));
  return {
    ask(request) {
      answered = Promise.withResolvers();
      startMs = performance.now();
      socket.write(request);
      return answered.promise;
    },
    close: () => socket.destroy(),
  };
}

/** As an API server asks about the pod of a ReplicaSet: about 5 kB. */
function buildRequest(token: string): Buffer {
  const env = Array.from({ length: 20 }, (_, i) => ({ name: `A${i}`, value: `some value ${i}` }));
  const mount = {
    name: `kube-api-access-${token}`,
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    readOnly: true,
  };
  const container = {
    name: 'web',
    image: 'registry.example.com/shop/web:1.2.3',
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    env,
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [mount],
    readinessProbe: { httpGet: { path: '/ready', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    imagePullPolicy: 'IfNotPresent',
  };
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d', uid: 'u', controller: true };
  const fields = Object.fromEntries(
    env.map(({ name }) => [`k:{"name":"${name}"}`, { '.': {}, 'f:name': {}, 'f:value': {} }]),
  );
  const managed = { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:env': fields } };
  const body = Buffer.from(
    JSON.stringify({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        uid: crypto.randomUUID(),
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        namespace: 'shop',
        operation: 'CREATE',
        userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            generateName: 'web-5d-',
            namespace: 'shop',
            labels: { app: 'web', 'pod-template-hash': '5d' },
            ownerReferences: [owner],
            managedFields: [managed],
          },
          spec: {
            serviceAccountName: 'web',
            containers: [container],
            volumes: [{ name: mount.name, projected: { sources: [] } }],
          },
        },
        oldObject: null,
        dryRun: false,
      },
    }),
  );
  const head = `POST /?timeout=10s HTTP/1.1\r\nHost: linkerd-proxy-injector.linkerd.svc:443\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** The names of five characters are what an API server gives; other ones make each pod a template of its own. */
const TOKENS: Readonly<Record<string, (i: number) => string>> = {
  'the same template': (i) => `${100_000 + i}`.slice(1),
  'a template each': (i) => `fresh-${i}`,
};

/** A crowd asks again and again; what is said of CPU is of the quietest block of rounds, as others work here too. */
async function measure(name: string, askers: readonly Asker[], pid: number): Promise<void> {
  const times: number[] = [];
  const costsUs: number[] = [];
  let cpuUs = 0;
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
    const first = (round + WARM_ROUNDS) * AT_ONCE;
    const requests = askers.map((_, i) => buildRequest(TOKENS[name]?.(first + i) ?? ''));
    const crowd = askers.map((asker, i) => asker.ask(requests[i] ?? Buffer.alloc(0)));
    const crowdMs = await Promise.all(crowd);
    if (round >= 0) times.push(...crowdMs);
    if (round % BLOCK !== 0) continue;
    const nowUs = await readCpuUs(pid);
    if (round > 0) costsUs.push((nowUs - cpuUs) / BLOCK / AT_ONCE);
    cpuUs = nowUs;
  }
  const atMs = rank(times);
  const atUs = rank(costsUs);
  report(`${name}: CPU, best / median`, `${atUs(0).toFixed(0)} / ${atUs(0.5).toFixed(0)} µs`);
  report(
    `${name}: ${AT_ONCE} at once, median / p99`,
    `${atMs(0.5).toFixed(2)} / ${atMs(0.99).toFixed(2)} ms`,
  );
}

/** The figure below which such a share of them is. */
function rank(figures: readonly number[]): (share: number) => number {
  const sorted = figures.toSorted((a, b) => a - b);
  return (share) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function report(name: string, figure: string): void {
  process.stdout.write(`${name.padEnd(54)}${figure.padStart(16)}\n`);
}

const dir = await mkdtemp(join(tmpdir(), 'injector-bench-'));
const api = await startFakeApiServer();
api.put(buildWebhookConfiguration(), buildNamespace('shop', { 'linkerd.io/inject': 'enabled' }), {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: 'web-5d',
    namespace: 'shop',
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd', controller: true }],
  },
});
const folder = await createInjectorFolder(api.url);
const injector = await startInjector(dir, folder.args);
const rest = async (when: string) => {
  await sleep(1000);
  report(`private memory ${when}`, `${(await readPrivateMb(injector.pid)).toFixed(1)} MB`);
};
try {
  await rest('at rest');
  const askers = await Promise.all(Array.from({ length: AT_ONCE }, () => openAsker(injector.port)));
  for (const name of Object.keys(TOKENS)) await measure(name, askers, injector.pid);
  await rest(`after ${2 * (ROUNDS + WARM_ROUNDS) * AT_ONCE} admissions`);
  for (const asker of askers) asker.close();
} finally {
  await injector.stop();
  await api.close();
  await folder.remove();
  await rm(dir, { recursive: true });
}
