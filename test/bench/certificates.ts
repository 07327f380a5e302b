import { createPublicKey } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Credentials,
  createTrustAnchor,
  formatCertificates,
  formatPrivateKey,
  generatePrivateKey,
  issueIssuer,
  issueLeaf,
  type Validity,
} from '#lib/pki';

/** A key and its certificate, as PEM files; `pem` holds both, certificate first. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
  readonly pem: string;
}

export interface Certificates {
  readonly ca: KeyPair;
  /** Signs workload certificates for the mesh: an intermediate of `ca`. */
  readonly issuer: KeyPair;
  readonly client: KeyPair;
  readonly server: KeyPair;
  readonly serverName: string;
}

const SERVER_NAME = 'server.bench';
const DAY_MS = 86_400_000;

/** Makes ECDSA P-256 certificates, as the mesh has, under `dir`: a CA, an issuer, and one for either side. */
export async function createCertificates(dir: string): Promise<Certificates> {
  await mkdir(dir, { recursive: true });
  const validity = { notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + 30 * DAY_MS };
  const anchor = createTrustAnchor({ commonName: 'root.linkerd.cluster.local', ...validity });
  const issuer = issueIssuer({ commonName: 'identity.linkerd.cluster.local', anchor, ...validity });
  return {
    ca: await writeKeyPair(dir, 'ca', anchor),
    issuer: await writeKeyPair(dir, 'issuer', issuer),
    client: await writeKeyPair(dir, 'client', createLeaf(anchor, 'client.bench', validity)),
    server: await writeKeyPair(dir, 'server', createLeaf(anchor, SERVER_NAME, validity)),
    serverName: SERVER_NAME,
  };
}

function createLeaf(issuer: Credentials, name: string, validity: Validity): Credentials {
  const key = generatePrivateKey();
  const subject = { commonName: name, dnsNames: [name], publicKey: createPublicKey(key) };
  return { key, certificate: issueLeaf({ issuer, ...subject, ...validity }) };
}

async function writeKeyPair(dir: string, name: string, { certificate, key }: Credentials): Promise<KeyPair> {
  const pair = {
    key: join(dir, `${name}.key`),
    cert: join(dir, `${name}.crt`),
    pem: join(dir, `${name}.pem`),
  };
  const [certText, keyText] = [formatCertificates([certificate]), formatPrivateKey(key)];
  await writeFile(pair.key, keyText);
  await writeFile(pair.cert, certText);
  await writeFile(pair.pem, certText + keyText);
  return pair;
}
