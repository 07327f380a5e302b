import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, seededRandom } from '#lib/base';
import { parseCertificates } from '#lib/pki';
import { SECRETS, type Secret } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { createKubernetesClient } from '../kubernetes/http-client.ts';
import { LEASES } from '../kubernetes/lease-record.ts';
import { type FakeApiServer, startFakeApiServer } from '../testing/api-server.ts';
import { mintCertificate } from './mint.ts';
import type { CertificateChange, WebhookCertificateOptions } from './options.ts';
import { startWebhookCertificate, type WebhookCertificate } from './webhook-certificate.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS, type WebhookConfiguration } from './webhook-configuration.ts';

const DAY_MS = 86_400_000;
const CONFIG = 'injector-webhook-config';
const WEBHOOK = 'injector.linkerd.io';
const DNS_NAME = 'injector.linkerd.svc';

let api: FakeApiServer;
let nowMs: number;
let lines: string[];
let closers: (() => Promise<void> | void)[];
const clock: Clock = { now: () => nowMs, monotonic: () => performance.now() };

beforeEach(async () => {
  api = await startFakeApiServer();
  nowMs = Date.now();
  lines = [];
  closers = [];
});
afterEach(async () => {
  for (const closer of closers.reverse()) await closer();
  await api.close();
});

interface Replica {
  readonly certificate: WebhookCertificate;
  readonly changes: CertificateChange[];
  /** What it served with, one after the other. */
  readonly served: string[];
}

function start(overrides: Partial<WebhookCertificateOptions> = {}): Replica {
  const log = createLogger({ target: 'test', level: 'info', write: (line) => lines.push(line) });
  const client = createKubernetesClient(api.connection, { log, userAgent: 'test', random: seededRandom(1) });
  const changes: CertificateChange[] = [];
  const served: string[] = [];
  const certificate = startWebhookCertificate({
    client,
    namespace: 'linkerd',
    secretName: 'injector-tls',
    secret: 'minted',
    serviceName: 'injector',
    configuration: { kind: MUTATING_WEBHOOK_CONFIGURATIONS, name: CONFIG, webhooks: [WEBHOOK] },
    caBundle: 'minted',
    leaseName: 'injector-certificate',
    fieldManager: 'injector',
    holder: `replica-${closers.length}`,
    clock,
    random: seededRandom(closers.length),
    log,
    onCertificate: ({ certPem }) => served.push(certPem),
    onChange: (change) => changes.push(change),
    intervalMs: 500,
    settleMs: 50,
    ...overrides,
  });
  closers.push(() => client.close(), certificate.close);
  return { certificate, changes, served };
}

function buildConfiguration(caBundle?: string): WebhookConfiguration {
  const clientConfig = { service: { name: 'injector', namespace: 'linkerd' }, ...(caBundle && { caBundle }) };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: CONFIG },
    webhooks: [
      { name: WEBHOOK, clientConfig },
      { name: 'other.linkerd.io', clientConfig: {} },
    ],
  };
}

const decode = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString();
const secret = () => api.get(SECRETS, 'linkerd', 'injector-tls');
const read = (key: string) => decode(secret()?.data?.[key]);
const configuration = () => api.get(MUTATING_WEBHOOK_CONFIGURATIONS, '', CONFIG);
const bundle = () => decode(configuration()?.webhooks?.[0]?.clientConfig?.caBundle);
const writes = () =>
  api.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + 8000;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`it did not happen; log: ${lines.join('')}`);
    await sleep(10);
  }
}

function verifies(leafPem: string, bundlePem: string): boolean {
  const leaf = new X509Certificate(leafPem);
  return parseCertificates(bundlePem, 'bundle').some(({ der }) =>
    leaf.verify(new X509Certificate(der).publicKey),
  );
}

function putGiven(extra: Record<string, string> = {}): string {
  const { certPem, keyPem, caPem } = mintCertificate({ dnsNames: [DNS_NAME], nowMs, authority: 'somebody' });
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': encode(certPem), 'tls.key': encode(keyPem), 'ca.crt': encode(caPem), ...extra };
  const metadata = { namespace: 'linkerd', name: 'injector-tls' };
  api.put({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data } as Secret);
  return certPem;
}

describe('a minted certificate', () => {
  it('is made, stored and told to those who call', async () => {
    api.put(buildConfiguration());
    const { certificate, changes } = start();
    await until(() => certificate.isTrusted());
    expect(secret()).toMatchObject({ type: 'kubernetes.io/tls' });
    const leaf = new X509Certificate(read('tls.crt'));
    expect(leaf.checkHost(DNS_NAME)).toBe(DNS_NAME);
    expect(leaf.validToDate.getTime() - nowMs).toBeGreaterThan(364 * DAY_MS);
    expect(verifies(read('tls.crt'), bundle())).toBe(true);
    expect(certificate.get()?.certPem).toBe(read('tls.crt'));
    expect(changes).toEqual(['minted', 'loaded', 'bundle_written']);
    expect(configuration()?.webhooks?.[1]).toEqual({ name: 'other.linkerd.io', clientConfig: {} });
    expect(api.get(LEASES, 'linkerd', 'injector-certificate')?.spec?.holderIdentity).toBe('');
  });

  it('writes nothing while all is well', async () => {
    api.put(buildConfiguration());
    const { certificate } = start();
    await until(() => certificate.isTrusted());
    const before = writes().length;
    await certificate.check();
    await certificate.check();
    expect(writes().length).toBe(before);
  });

  it('is made by one of several replicas, and served by all', async () => {
    api.put(buildConfiguration());
    const replicas = [start(), start(), start()];
    await until(() => replicas.every(({ certificate }) => certificate.isTrusted()));
    expect(replicas.flatMap(({ changes }) => changes).filter((change) => change === 'minted')).toHaveLength(
      1,
    );
    expect(new Set(replicas.map(({ certificate }) => certificate.get()?.certPem))).toEqual(
      new Set([read('tls.crt')]),
    );
  });

  it('comes back when its Secret is deleted, the authority told before its leaf', async () => {
    api.put(buildConfiguration());
    const replicas = [start(), start()];
    await until(() => replicas.every(({ certificate }) => certificate.isTrusted()));
    const [first, second] = replicas as [Replica, Replica];
    const old = read('tls.crt');
    api.remove(SECRETS, 'linkerd', 'injector-tls');
    await until(() => secret() !== undefined);
    // At every moment both what is served and what will be served is trusted.
    expect(verifies(old, bundle())).toBe(true);
    expect(verifies(read('tls.crt'), bundle())).toBe(true);
    await until(() => replicas.every(({ certificate }) => certificate.get()?.certPem === read('tls.crt')));
    expect([...first.changes, ...second.changes].filter((change) => change === 'minted')).toHaveLength(2);
    expect(read('ca.crt').match(/BEGIN/g)).toHaveLength(2);
  });

  it('is told again when the caBundle is cleared or changed, and when the configuration comes late', async () => {
    const { certificate } = start();
    await until(() => certificate.isTrusted());
    api.put(buildConfiguration());
    await until(() => bundle() === read('ca.crt'));
    api.put(buildConfiguration(Buffer.from('nonsense').toString('base64')));
    await until(() => bundle() === read('ca.crt'));
    api.put(buildConfiguration());
    await until(() => bundle() === read('ca.crt'));
    expect(api.list(MUTATING_WEBHOOK_CONFIGURATIONS)).toHaveLength(1);
  });

  it('never creates the configuration, nor a webhook in it', async () => {
    const { certificate } = start();
    await until(() => certificate.isTrusted());
    await certificate.check();
    expect(configuration()).toBeUndefined();
    const bare: WebhookConfiguration = { ...buildConfiguration(), webhooks: [] };
    api.put(bare);
    await until(() => lines.some((line) => line.includes(`has no webhook ${WEBHOOK}; upgrade the chart`)));
    expect(configuration()?.webhooks).toEqual([]);
  });

  it('is renewed at two thirds of its life, without a moment at which it is not trusted', async () => {
    api.put(buildConfiguration());
    const { certificate, served } = start();
    await until(() => certificate.isTrusted());
    nowMs += 200 * DAY_MS;
    await certificate.check();
    expect(served).toHaveLength(1);
    nowMs += 50 * DAY_MS;
    await certificate.check();
    expect(served).toHaveLength(2);
    const order = writes().filter((line) => !line.includes('/leases'));
    expect(order.map((line) => (line.includes('/secrets/') ? 'secret' : 'bundle'))).toEqual([
      'secret',
      'bundle',
      'bundle',
      'secret',
    ]);
    for (const leaf of served) expect(verifies(leaf, bundle())).toBe(true);
  });

  it('takes the place of what cannot be served', async () => {
    api.put(buildConfiguration());
    putGiven({ 'tls.key': Buffer.from('damaged').toString('base64') });
    const { certificate } = start();
    await until(() => certificate.isTrusted());
    expect(verifies(read('tls.crt'), bundle())).toBe(true);
  });

  it('waits for a replica that is writing, and goes on without one that is lost', async () => {
    api.put(buildConfiguration());
    api.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'linkerd', name: 'injector-certificate' },
      spec: { holderIdentity: 'lost', leaseDurationSeconds: 1 },
    } as never);
    const { certificate } = start();
    await certificate.check();
    expect(secret()).toBeUndefined();
    await until(() => certificate.isTrusted());
  });

  it('outlives an API server that is away', async () => {
    api.put(buildConfiguration());
    const { certificate } = start();
    await until(() => certificate.isTrusted());
    const before = certificate.get();
    await api.stop();
    void certificate.check();
    await sleep(100);
    expect(certificate.get()).toBe(before);
    await api.restart();
    api.remove(SECRETS, 'linkerd', 'injector-tls');
    await until(() => secret() !== undefined);
  });
});

describe('a given certificate', () => {
  it('is read, followed, and never written', async () => {
    api.put(buildConfiguration('Z2l2ZW4='));
    const { certificate, served, changes } = start({ secret: 'given', caBundle: 'given' });
    await until(() => lines.some((line) => line.includes('there is no Secret linkerd/injector-tls')));
    expect(certificate.get()).toBeUndefined();
    const first = putGiven();
    await until(() => certificate.isTrusted());
    const second = putGiven();
    await until(() => served.length === 2);
    expect(served).toEqual([first, second]);
    putGiven({ 'tls.crt': Buffer.from('broken').toString('base64') });
    await until(() => changes.filter((change) => change === 'refused').length === 2);
    expect(certificate.get()?.certPem).toBe(second);
    expect(writes()).toEqual([]);
    expect(bundle()).toBe('given');
  });

  it('is told to those who call where that is ours', async () => {
    api.put(buildConfiguration());
    putGiven();
    const { certificate } = start({ secret: 'given' });
    await until(() => certificate.isTrusted());
    expect(bundle()).toBe(read('ca.crt'));
    expect(writes().some((line) => line.includes('/secrets/'))).toBe(false);
  });
});
