import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import {
  createTrustAnchor,
  formatCertificates,
  formatPrivateKey,
  generatePrivateKey,
  issueIssuer,
  issueLeaf,
} from '#lib/pki';
import { fetchChain } from './fetch-chain.ts';

const IDENTITY = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
const anchor = createTrustAnchor({ ...validity, commonName: 'root.linkerd.cluster.local' });
const issuer = issueIssuer({ ...validity, anchor, commonName: 'identity.linkerd.cluster.local' });
const key = generatePrivateKey();
const leaf = issueLeaf({
  ...validity,
  issuer,
  publicKey: key,
  dnsNames: [IDENTITY],
  uris: ['spiffe://cluster.local/ns/shop/sa/web'],
});

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  closers.push(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** As a proxy does: TLS 1.3, the chain without the anchor, a client certificate asked for and not demanded. */
function serveTls(more: TlsOptions): Promise<number> {
  const server = createServer({
    key: formatPrivateKey(key),
    cert: formatCertificates([leaf, issuer.certificate]),
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
    ...more,
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  return listen(server);
}

test('fetchChain() asks for the identity and gives what the proxy presents, the leaf first', async () => {
  const asked: string[] = [];
  const port = await serveTls({
    SNICallback: (name, done) => {
      asked.push(name);
      done(null);
    },
  });
  const chain = await fetchChain({ label: 'shop/web-1', ip: '127.0.0.1', port, identity: IDENTITY });
  expect(chain.map(({ serialHex }) => serialHex)).toEqual([leaf.serialHex, issuer.certificate.serialHex]);
  expect(chain[0]?.subjectAltNames.map(({ value }) => value)).toEqual([
    IDENTITY,
    'spiffe://cluster.local/ns/shop/sa/web',
  ]);
  expect(asked).toEqual([IDENTITY]);
});

test('fetchChain() says which pod shows none, and why', async () => {
  const port = await listen(createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  const question = { label: 'shop/web-1', ip: '127.0.0.1', port, identity: IDENTITY };
  await expect(fetchChain(question)).rejects.toThrow(/^shop\/web-1 at 127\.0\.0\.1:\d+ shows no certificate/);
  await expect(fetchChain({ ...question, port: 1 })).rejects.toThrow('ECONNREFUSED');
});
