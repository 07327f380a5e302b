import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MUTATING_WEBHOOK_CONFIGURATIONS, type WebhookConfiguration } from '#lib/cluster';
import { createTrustAnchor, formatCertificates } from '#lib/pki';
import { type Namespace, SECRETS } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { type FakeApiServer, startFakeApiServer } from '../../lib/cluster/testing/api-server.ts';
import { type ProxyInjectorApp, type ProxyInjectorParts, startProxyInjector } from '../app.ts';
import { parseProxyInjectorConfig } from '../config.ts';
import {
  PROXY_INJECTOR_TLS_SECRET,
  PROXY_INJECTOR_WEBHOOK,
  PROXY_INJECTOR_WEBHOOK_CONFIG,
} from '../contract.ts';

/** A folder with the files that the chart mounts, and a kubeconfig. */
export interface InjectorFolder {
  readonly path: string;
  readonly valuesFile: string;
  readonly trustRootsFile: string;
  /** The flags that lead the program to this folder and to ports of its own. */
  readonly args: readonly string[];
  write(name: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function createInjectorFolder(apiUrl: string): Promise<InjectorFolder> {
  const path = await mkdtemp(join(tmpdir(), 'injector-'));
  const write = (name: string, text: string) => writeFile(join(path, name), text);
  await write('values', await readValues());
  await write('ca-bundle.crt', trustRoots());
  await write('kubeconfig', describeKubeconfig(apiUrl));
  const file = (name: string) => join(path, name);
  return {
    path,
    valuesFile: file('values'),
    trustRootsFile: file('ca-bundle.crt'),
    args: [
      ...['-addr', '127.0.0.1:0', '-metrics-addr', '127.0.0.1:0', '-kubeconfig', file('kubeconfig')],
      ...['-values', file('values'), '-trust-roots', file('ca-bundle.crt')],
    ],
    write,
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** The chart's values, as in fixtures/. */
export function readValues(): Promise<string> {
  return readFile(join(import.meta.dirname, '../fixtures/values.yaml'), 'utf8');
}

export function trustRoots(): string {
  const validity = { notBeforeMs: Date.now() - 1000, notAfterMs: Date.now() + 86_400_000 };
  return formatCertificates([createTrustAnchor({ ...validity, commonName: 'root' }).certificate]);
}

function describeKubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'test', user: { token: 'secret' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

export function buildNamespace(name: string, annotations: Record<string, string> = {}): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

/** As the chart writes it: without a caBundle. */
export function buildWebhookConfiguration(): WebhookConfiguration {
  const clientConfig = { service: { name: 'linkerd-proxy-injector', namespace: 'linkerd', path: '/' } };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: PROXY_INJECTOR_WEBHOOK_CONFIG },
    webhooks: [{ name: PROXY_INJECTOR_WEBHOOK, clientConfig }] as never,
  };
}

/** An injector with all it needs. */
export interface RunningInjector {
  readonly app: ProxyInjectorApp;
  readonly api: FakeApiServer;
  readonly folder: InjectorFolder;
  readonly lines: string[];
  readonly port: number;
  /** What the API server trusts it by. */
  caBundle(): string;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export interface InjectorOptions extends ProxyInjectorParts {
  readonly args?: readonly string[];
}

export async function runInjector({ args = [], ...parts }: InjectorOptions = {}): Promise<RunningInjector> {
  const api = await startFakeApiServer();
  api.put(
    buildWebhookConfiguration(),
    buildNamespace('shop', { 'linkerd.io/inject': 'enabled' }),
    buildNamespace('bare'),
  );
  const folder = await createInjectorFolder(api.url);
  const lines: string[] = [];
  const log = createLogger({ target: 'test', level: 'debug', write: (line) => lines.push(line) });
  const config = parseProxyInjectorConfig(['proxy-injector', ...folder.args, ...args]);
  const app = await startProxyInjector(config, { log, lameDuckMs: 0, lookIntervalMs: 500, ...parts });
  const close = async () => {
    await app.close();
    await api.close();
    await folder.remove();
  };
  try {
    await app.untilReady();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    app,
    api,
    folder,
    lines,
    port: app.port ?? 0,
    caBundle: () => readCaBundle(api),
    metrics: async () => (await fetch(`http://127.0.0.1:${app.adminPort}/metrics`)).text(),
    close,
  };
}

function readCaBundle(api: FakeApiServer): string {
  const found = api.get(MUTATING_WEBHOOK_CONFIGURATIONS, '', PROXY_INJECTOR_WEBHOOK_CONFIG);
  return Buffer.from(found?.webhooks?.[0]?.clientConfig?.caBundle ?? '', 'base64').toString();
}

export function readSecret(api: FakeApiServer, key: string): string {
  const secret = api.get(SECRETS, 'linkerd', PROXY_INJECTOR_TLS_SECRET);
  return Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
}

/** Waits, for seconds where the machine is slow. */
export async function until(isTrue: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const endMs = performance.now() + 8000;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`${what} did not happen`);
    await sleep(10);
  }
}
