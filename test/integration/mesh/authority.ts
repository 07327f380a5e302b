import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Credentials,
  createTrustAnchor,
  formatCertificates,
  formatIdentity,
  formatPrivateKey,
  generatePrivateKey,
  issueIssuer,
  issueLeaf,
  type Validity,
} from '#lib/pki';

const HOUR_MS = 3_600_000;

/** Valid from an hour ago to an hour from now. */
export const NOW: Validity = { notBeforeMs: Date.now() - HOUR_MS, notAfterMs: Date.now() + HOUR_MS };
export const PAST: Validity = { notBeforeMs: Date.now() - 2 * HOUR_MS, notAfterMs: Date.now() - HOUR_MS };
export const FUTURE: Validity = { notBeforeMs: Date.now() + HOUR_MS, notAfterMs: Date.now() + 2 * HOUR_MS };

/** A trust anchor with an issuer below it. */
export interface Authority {
  readonly anchor: Credentials;
  readonly issuer: Credentials;
}

export function createAuthority(validity: Validity = NOW): Authority {
  const anchor = createTrustAnchor({ ...validity, commonName: 'root.linkerd.cluster.local' });
  const issuer = issueIssuer({ ...validity, anchor, commonName: 'identity.linkerd.cluster.local' });
  return { anchor, issuer };
}

/** The identity of a workload in the test meshes. */
export function nameWorkload(serviceAccount: string, namespace = 'shop'): string {
  return formatIdentity({
    serviceAccount,
    namespace,
    controlPlaneNamespace: 'linkerd',
    trustDomain: 'cluster.local',
  });
}

/** PEM files: what `openssl` and `linkerd local up` are given. */
export interface PemFiles {
  readonly cert: string;
  readonly key: string;
}

/** Writes a certificate (with those it was signed by) and its key to `<dir>/<name>.crt` and `.key`. */
export function writeCredentials(dir: string, name: string, chain: readonly Credentials[]): PemFiles {
  const [first] = chain;
  if (first === undefined) throw new Error('a chain has a first certificate');
  const files = { cert: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
  writeFileSync(files.cert, formatCertificates(chain.map(({ certificate }) => certificate)));
  writeFileSync(files.key, formatPrivateKey(first.key));
  return files;
}

/** Issues a leaf for `identity` and writes it, with its issuer, as `writeCredentials` does. */
export function writeLeaf(
  dir: string,
  name: string,
  leaf: { readonly authority: Authority; readonly identity: string; readonly validity?: Validity },
): PemFiles {
  const { issuer } = leaf.authority;
  const key = generatePrivateKey();
  const dnsNames = [leaf.identity];
  const certificate = issueLeaf({ ...(leaf.validity ?? NOW), issuer, publicKey: key, dnsNames });
  return writeCredentials(dir, name, [{ certificate, key }, issuer]);
}

/** The flags that make a local mesh sign with `authority`, whose files it writes into `dir`. */
export function writeMeshCredentials(dir: string, authority: Authority): string[] {
  const anchors = writeCredentials(dir, 'anchors', [authority.anchor]);
  const issuer = writeCredentials(dir, 'issuer', [authority.issuer]);
  return [
    ...['--identity-trust-anchors-file', anchors.cert],
    ...['--identity-issuer-certificate-file', issuer.cert],
    ...['--identity-issuer-key-file', issuer.key],
  ];
}
