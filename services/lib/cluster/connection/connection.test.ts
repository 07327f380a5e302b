import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#lib/base';
import {
  createTrustAnchor,
  formatCertificates,
  formatPrivateKey,
  generatePrivateKey,
  issueIssuer,
  issueLeaf,
  type Credentials as KeyPair,
} from '#lib/pki';
import { createLogger } from '#lib/telemetry';
import { createKubernetesClient } from '../kubernetes/http-client.ts';
import { loadKubernetesConnection } from './connection.ts';
import { isInCluster, loadInClusterConnection } from './in-cluster.ts';

const VALIDITY = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
const anchor = createTrustAnchor({ ...VALIDITY, commonName: 'kubernetes' });
const issuer = issueIssuer({ ...VALIDITY, anchor, commonName: 'kubernetes-issuer' });
const caPem = formatCertificates([anchor.certificate]);
const log = createLogger({ target: 'test', level: 'off' });
const base64 = (text: string) => Buffer.from(text).toString('base64');

function issue(name: string): { cert: string; key: string } {
  const key = generatePrivateKey();
  const certificate = issueLeaf({
    ...VALIDITY,
    issuer,
    publicKey: key,
    commonName: name,
    dnsNames: [name],
    uris: [],
  });
  return pemOf({ key, certificate });
}

function pemOf({ key, certificate }: KeyPair): { cert: string; key: string } {
  return { cert: formatCertificates([certificate, issuer.certificate]), key: formatPrivateKey(key) };
}

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connection-'));
});
afterEach(() => rm(dir, { recursive: true }));
const write = async (file: string, text: string) => {
  await writeFile(join(dir, file), text);
  return join(dir, file);
};

describe('loadInClusterConnection', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  beforeEach(async () => {
    await write('token', 'one\n');
    await write('ca.crt', caPem);
    await write('namespace', 'linkerd');
  });

  it('reads what the kubelet mounts', async () => {
    expect(isInCluster(env)).toBe(true);
    expect(isInCluster({})).toBe(false);
    const connection = await loadInClusterConnection({ env, dir });
    expect(connection).toMatchObject({ server: 'https://10.96.0.1:443', namespace: 'linkerd' });
    expect(await connection.credentials()).toEqual({ authorization: 'Bearer one', tls: { ca: caPem } });
  });

  it('writes an IPv6 host as a URL has it', async () => {
    const connection = await loadInClusterConnection({ env: { KUBERNETES_SERVICE_HOST: 'fd00::1' }, dir });
    expect(connection.server).toBe('https://[fd00::1]:443');
  });

  it('follows a token that rotates: after a minute, or at once when it was refused', async () => {
    let nowMs = 1000;
    const clock = { ...systemClock, monotonic: () => nowMs };
    const connection = await loadInClusterConnection({ env, dir, clock });
    const { tls } = await connection.credentials();
    await write('token', 'two');
    nowMs += 59_000;
    expect((await connection.credentials()).authorization).toBe('Bearer one');
    nowMs += 2000;
    expect(await connection.credentials()).toMatchObject({ authorization: 'Bearer two' });
    expect((await connection.credentials()).tls).toBe(tls);
    await write('token', 'three');
    connection.invalidate();
    expect((await connection.credentials()).authorization).toBe('Bearer three');
    await rm(join(dir, 'token'));
    connection.invalidate();
    expect((await connection.credentials()).authorization).toBe('Bearer three');
  });

  it('says where the service account should be', async () => {
    await rm(join(dir, 'token'));
    await expect(loadInClusterConnection({ env, dir })).rejects.toThrow(
      `The pod's service account cannot be read from ${dir}`,
    );
  });
});

describe('loadKubernetesConnection with a kubeconfig', () => {
  let server: Server;
  let seen: { authorization: string | undefined; clientName: string | undefined }[];
  beforeEach(async () => {
    seen = [];
    const options = {
      ...issue('kubernetes.default'),
      ca: caPem,
      requestCert: true,
      rejectUnauthorized: false,
    };
    server = createServer(options, (request, response) => {
      const socket = request.socket as TLSSocket;
      const name = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined;
      seen.push({ authorization: request.headers.authorization, clientName: name });
      response.setHeader('content-type', 'application/json').end('{"major":"1"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const buildConfig = (user: object, cluster: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [
      { name: 'lab', context: { cluster: 'lab', user: 'me', namespace: 'shop' } },
      { name: 'other', context: { cluster: 'missing', user: 'me' } },
    ],
    clusters: [
      {
        name: 'lab',
        cluster: {
          server: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          'certificate-authority-data': base64(caPem),
          'tls-server-name': 'kubernetes.default',
          ...cluster,
        },
      },
    ],
    users: [{ name: 'me', user }],
  });
  const writeConfig = (user: object, cluster: object = {}) =>
    write('config', JSON.stringify(buildConfig(user, cluster)));
  const call = async (options: Parameters<typeof loadKubernetesConnection>[0]) => {
    const client = createKubernetesClient(await loadKubernetesConnection(options), {
      log,
      userAgent: 'test/1',
    });
    try {
      return await client.request({ method: 'GET', path: '/version', timeoutMs: 3000, isRepeatable: false });
    } finally {
      client.close();
    }
  };

  it.each([
    ['a token', { token: 't' }, 'Bearer t'],
    ['a token file beside it', { tokenFile: 'token', token: 'old' }, 'Bearer from-file'],
    ['a name and a password', { username: 'u', password: 'p' }, 'Basic dTpw'],
    ['nothing', {}, undefined],
  ])('shows %s', async (_what, user, authorization) => {
    await write('token', 'from-file\n');
    expect(await call({ env: {}, kubeconfig: await writeConfig(user) })).toEqual({ major: '1' });
    expect(seen).toEqual([{ authorization, clientName: undefined }]);
  });

  it('shows a client certificate, from the file or beside it', async () => {
    const { cert, key } = issue('admin');
    await write('admin.crt', cert);
    await write('admin.key', key);
    const inline = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
    const files = { 'client-certificate': 'admin.crt', 'client-key': 'admin.key' };
    for (const user of [inline, files]) await call({ env: {}, kubeconfig: await writeConfig(user) });
    expect(seen.map(({ clientName }) => clientName)).toEqual(['admin', 'admin']);
  });

  it('asks a credential plugin, once while its answer is good', async () => {
    const script = await write(
      'plugin',
      `#!/bin/sh\necho run >> "${dir}/runs"\nprintf '{"status":{"token":"%s-%s"}}' "$1" "$WHO"\n`,
    );
    await chmod(script, 0o755);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './plugin',
      args: ['x'],
      env: [{ name: 'WHO', value: 'me' }],
    };
    const connection = await loadKubernetesConnection({
      env: { PATH: process.env['PATH'] },
      kubeconfig: await writeConfig({ exec }),
    });
    for (let index = 0; index < 3; index++) {
      expect((await connection.credentials()).authorization).toBe('Bearer x-me');
    }
    connection.invalidate();
    await connection.credentials();
    const { readFile } = await import('node:fs/promises');
    expect((await readFile(join(dir, 'runs'), 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('refuses a server that its authority does not know', async () => {
    const other = formatCertificates([createTrustAnchor({ ...VALIDITY, commonName: 'other' }).certificate]);
    const kubeconfig = await writeConfig({}, { 'certificate-authority-data': base64(other) });
    await expect(call({ env: {}, kubeconfig })).rejects.toMatchObject({
      code: 'LINKERD_KUBERNETES_UNREACHABLE',
    });
    const careless = { 'certificate-authority-data': base64(other), 'insecure-skip-tls-verify': true };
    expect(await call({ env: {}, kubeconfig: await writeConfig({}, careless) })).toEqual({ major: '1' });
  });

  it('finds the files that KUBECONFIG names, of which the first counts, and ~/.kube/config', async () => {
    const first = await write('first', JSON.stringify({ users: [{ name: 'me', user: { token: 'first' } }] }));
    const second = await writeConfig({ token: 'second' });
    await call({ env: { KUBECONFIG: `${first}:${join(dir, 'none')}:${second}` } });
    expect(seen.at(-1)?.authorization).toBe('Bearer first');
    await expect(loadKubernetesConnection({ env: { HOME: dir } })).rejects.toThrow(join(dir, '.kube/config'));
  });

  it('goes before the service account of a pod only where it is named', async () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const connection = await loadKubernetesConnection({ env, kubeconfig: await writeConfig({}) });
    expect(connection).toMatchObject({ namespace: 'shop', server: expect.stringContaining('127.0.0.1') });
    await expect(loadKubernetesConnection({ env })).rejects.toThrow(
      "The pod's service account cannot be read",
    );
  });

  it.each([
    [{ context: 'nowhere' }, {}, {}, 'there is no context "nowhere", but lab, other'],
    [{ context: 'other' }, {}, {}, 'there is no cluster "missing", but lab'],
    [{}, { server: '' }, {}, 'cluster lab has no server'],
    [{}, { 'proxy-url': 'http://p' }, {}, 'proxy-url is not supported'],
    [{}, {}, { as: 'root' }, 'impersonation ("as") is not supported'],
    [{}, {}, { 'client-certificate': 'none.crt' }, 'none.crt'],
    [
      {},
      {},
      { exec: { command: 'no-such-plugin', installHint: 'Get it.' } },
      'The credential plugin "no-such-plugin"',
    ],
  ])('refuses %j, cluster %j, user %j', async (options, cluster, user, sentence) => {
    const kubeconfig = await writeConfig(user, cluster);
    await expect(loadKubernetesConnection({ env: {}, kubeconfig, ...options })).rejects.toThrow(sentence);
  });

  it.each([
    ['', 'it holds no mapping'],
    ['{', 'cannot be used'],
  ])('refuses a file that holds %j', async (text, sentence) => {
    const kubeconfig = await write('config', text);
    await expect(loadKubernetesConnection({ env: {}, kubeconfig })).rejects.toThrow(sentence);
  });
});
