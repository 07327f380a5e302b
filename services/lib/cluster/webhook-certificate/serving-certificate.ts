import { createHash, createPublicKey } from 'node:crypto';
import { describeError, MeshError } from '#lib/base';
import { type Certificate, parseCertificates, parsePrivateKey, verifyChain } from '#lib/pki';
import type { Secret } from '#lib/resources';

/** What a webhook serves with, as it stands in a Secret of type kubernetes.io/tls. */
export interface ServingCertificate {
  /** The leaf first. */
  readonly certPem: string;
  readonly keyPem: string;
  /** `ca.crt`; undefined where the Secret has none. */
  readonly caPem: string | undefined;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly dnsNames: readonly string[];
  /** Of all three texts: equal means nothing has changed. */
  readonly hash: string;
}

/** Reads a Secret. Throws a MeshError that names the Secret, the key and what is wrong. */
export function readServingCertificate(secret: Secret): ServingCertificate {
  const name = `Secret ${secret.metadata.namespace ?? ''}/${secret.metadata.name}`;
  const certPem = readKey(secret, 'tls.crt', name);
  const keyPem = readKey(secret, 'tls.key', name);
  const leaf = parseCertificates(certPem, `${name}, key tls.crt,`)[0] as Certificate;
  const key = parsePrivateKey(keyPem, `${name}, key tls.key,`);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if (!spki.equals(leaf.publicKey.export({ type: 'spki', format: 'der' }))) {
    throw refuseSecret(`${name}: the key in tls.key does not fit the certificate in tls.crt; store a pair.`);
  }
  const caPem = decode(secret.data?.['ca.crt']);
  return {
    certPem,
    keyPem,
    caPem,
    notBeforeMs: leaf.notBeforeMs,
    notAfterMs: leaf.notAfterMs,
    dnsNames: leaf.subjectAltNames.flatMap((name) => (name.kind === 'dns' ? [name.value] : [])),
    hash: createHash('sha256')
      .update(JSON.stringify([certPem, keyPem, caPem]))
      .digest('hex'),
  };
}

function readKey(secret: Secret, key: string, name: string): string {
  const text = decode(secret.data?.[key]);
  if (text === undefined || text.trim() === '') throw refuseSecret(`${name} has no ${key}; store one.`);
  return text;
}

function decode(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString();
}

function refuseSecret(sentence: string): MeshError {
  return new MeshError('LINKERD_WEBHOOK_SECRET', sentence);
}

export interface ServingRequirements {
  readonly dnsNames: readonly string[];
  readonly nowMs: number;
}

/** Why a minted certificate has to be made anew; undefined while it is good. */
export function findRenewalReason(
  serving: ServingCertificate,
  { dnsNames, nowMs }: ServingRequirements,
): string | undefined {
  const missing = dnsNames.find((name) => !serving.dnsNames.includes(name));
  if (missing !== undefined) return `it does not name ${missing}`;
  const lifetimeMs = serving.notAfterMs - serving.notBeforeMs;
  if (nowMs >= serving.notBeforeMs + (lifetimeMs * 2) / 3) return 'two thirds of its life are over';
  if (serving.caPem === undefined) return 'the Secret has no ca.crt';
  return findChainProblem(serving, serving.caPem, nowMs);
}

function findChainProblem(serving: ServingCertificate, caPem: string, nowMs: number): string | undefined {
  try {
    const [leaf, ...intermediates] = parseCertificates(serving.certPem, 'tls.crt');
    const anchors = parseCertificates(caPem, 'ca.crt');
    const verdict = verifyChain({ leaf: leaf as Certificate, intermediates, anchors, nowMs });
    return verdict.ok ? undefined : verdict.sentence;
  } catch (error) {
    return describeError(error);
  }
}
