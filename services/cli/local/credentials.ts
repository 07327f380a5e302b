import { readFile } from 'node:fs/promises';
import { type Clock, describeError, MeshError } from '#lib/base';
import { createTrustAnchor, formatCertificates, formatPrivateKey, issueIssuer, loadIssuer } from '#lib/pki';

/** What identity signs with, as PEM. */
export interface MeshCredentials {
  readonly trustAnchorsPem: string;
  readonly issuerCertPem: string;
  readonly issuerKeyPem: string;
}

export interface CredentialFiles {
  readonly trustAnchors?: string | undefined;
  readonly issuerCert?: string | undefined;
  readonly issuerKey?: string | undefined;
}

const DAY_MS = 86_400_000;
const LIFETIME_MS = 365 * DAY_MS;
/** Certificates begin a little earlier, for clocks that are behind. */
const SKEW_MS = 60_000;

/** The credentials in the user's files, checked, or new ones. Rejects with a MeshError that says what to do. */
export async function provideCredentials(
  files: CredentialFiles,
  options: { clock: Clock; trustDomain: string },
): Promise<MeshCredentials> {
  const { trustAnchors, issuerCert, issuerKey } = files;
  if (trustAnchors === undefined && issuerCert === undefined && issuerKey === undefined)
    return createCredentials(options);
  if (trustAnchors === undefined || issuerCert === undefined || issuerKey === undefined) {
    throw new MeshError(
      'CREDENTIALS_INCOMPLETE',
      'a trust anchors file, an issuer certificate and an issuer key belong together: give all of --identity-trust-anchors-file, --identity-issuer-certificate-file and --identity-issuer-key-file, or none',
    );
  }
  const credentials = {
    trustAnchorsPem: await readPem(trustAnchors, '--identity-trust-anchors-file'),
    issuerCertPem: await readPem(issuerCert, '--identity-issuer-certificate-file'),
    issuerKeyPem: await readPem(issuerKey, '--identity-issuer-key-file'),
  };
  loadIssuer({
    certPem: credentials.issuerCertPem,
    keyPem: credentials.issuerKeyPem,
    anchorsPem: credentials.trustAnchorsPem,
    nowMs: options.clock.now(),
    names: { cert: issuerCert, key: issuerKey, anchors: trustAnchors },
  });
  return credentials;
}

function createCredentials({ clock, trustDomain }: { clock: Clock; trustDomain: string }): MeshCredentials {
  const validity = { notBeforeMs: clock.now() - SKEW_MS, notAfterMs: clock.now() + LIFETIME_MS };
  const anchor = createTrustAnchor({ commonName: `root.linkerd.${trustDomain}`, ...validity });
  const issuer = issueIssuer({ commonName: `identity.linkerd.${trustDomain}`, anchor, ...validity });
  return {
    trustAnchorsPem: formatCertificates([anchor.certificate]),
    issuerCertPem: formatCertificates([issuer.certificate]),
    issuerKeyPem: formatPrivateKey(issuer.key),
  };
}

async function readPem(file: string, flag: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new MeshError(
      'CREDENTIALS_UNREADABLE',
      `${flag} ${file} cannot be read: ${describeError(error)}; name a readable PEM file`,
      {
        cause: error,
      },
    );
  }
}
