import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Credentials,
  createCertificateRequest,
  createTrustAnchor,
  formatCertificates,
  formatPrivateKey,
  generatePrivateKey,
  issueIssuer,
  type Validity,
} from '#lib/pki';

export const HOUR_MS = 3_600_000;
export const IDENTITY = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
export const SPIFFE_ID = 'spiffe://cluster.local/ns/shop/sa/web';

export interface Authority {
  readonly anchor: Credentials;
  readonly issuer: Credentials;
}

/** A trust anchor and an issuer, valid from an hour ago for 30 days, where nothing else is said. */
export function createAuthority(
  nowMs: number,
  options: { anchor?: Credentials; issuer?: Partial<Validity> } = {},
): Authority {
  const validity = { notBeforeMs: nowMs - HOUR_MS, notAfterMs: nowMs + 720 * HOUR_MS };
  const anchor =
    options.anchor ?? createTrustAnchor({ ...validity, commonName: 'root.linkerd.cluster.local' });
  const issuer = issueIssuer({
    ...validity,
    ...options.issuer,
    anchor,
    commonName: 'identity.linkerd.cluster.local',
  });
  return { anchor, issuer };
}

export function createCsr(identity = IDENTITY): Buffer {
  return createCertificateRequest(identity, generatePrivateKey());
}

/** A folder with the files of the service, as mounted volumes would hold them. */
export interface CredentialFolder {
  readonly path: string;
  readonly anchorsFile: string;
  readonly jwksFile: string;
  write(name: string, text: string): Promise<void>;
  /** Writes the issuer in the form of one of the two kinds of Secret. */
  writeIssuer(issuer: Credentials, form?: 'linkerd' | 'kubernetes'): Promise<void>;
  writeAnchors(...anchors: readonly Credentials[]): Promise<void>;
  remove(): Promise<void>;
}

export async function createCredentialFolder(): Promise<CredentialFolder> {
  const path = await mkdtemp(join(tmpdir(), 'identity-'));
  const write = (name: string, text: string) => writeFile(join(path, name), text);
  return {
    path,
    anchorsFile: join(path, 'ca-bundle.crt'),
    jwksFile: join(path, 'jwks.json'),
    write,
    writeIssuer: async ({ certificate, key }, form = 'linkerd') => {
      const [certName, keyName] = form === 'linkerd' ? ['crt.pem', 'key.pem'] : ['tls.crt', 'tls.key'];
      await write(certName ?? '', formatCertificates([certificate]));
      await write(keyName ?? '', formatPrivateKey(key));
    },
    writeAnchors: (...anchors) =>
      write('ca-bundle.crt', formatCertificates(anchors.map(({ certificate }) => certificate))),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
