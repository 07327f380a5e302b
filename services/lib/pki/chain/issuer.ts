import { createPkiError, type PkiErrorCode } from '../errors.ts';
import { parsePrivateKey } from '../keys.ts';
import { type Certificate, parseCertificates } from '../x509/certificate.ts';
import type { Credentials } from '../x509/issuance.ts';
import { createSignatureAlgorithm } from '../x509/signature.ts';
import { exportSpkiDer } from '../x509/spki.ts';
import { formatTime } from '../x509/validity.ts';
import { type ChainRefusal, nameCertificate, type RefusedChain } from './chain-checks.ts';
import { verifyChain } from './verification.ts';

/** The authority that signs workload certificates, verified. */
export interface Issuer extends Credentials {
  /** What peers need after a leaf: the issuer and its bundled intermediates, without the self-signed root. */
  readonly intermediates: readonly Certificate[];
  /** From the issuer to the trust anchor, as verified when it was loaded. */
  readonly chain: readonly Certificate[];
  /** The first moment at which something in the chain ends: no leaf should live longer. */
  readonly notAfterMs: number;
}

export interface IssuerInput {
  /** The issuer's certificate, and after it any intermediates up to the trust anchor. */
  readonly certPem: string;
  readonly keyPem: string;
  readonly anchorsPem: string;
  readonly nowMs: number;
  /** What the sentences call the three inputs: files, or fields of a Secret. */
  readonly names?: { readonly cert: string; readonly key: string; readonly anchors: string };
}

const DEFAULT_NAMES = { cert: 'The issuer certificate', key: 'The issuer key', anchors: 'The trust anchors' };

type Names = typeof DEFAULT_NAMES;

/** Reads and checks an issuer's credentials. Throws a MeshError with one sentence about the first thing wrong. */
export function loadIssuer(input: IssuerInput): Issuer {
  const names = { ...DEFAULT_NAMES, ...input.names };
  const certificates = parseCertificates(input.certPem, names.cert);
  const certificate = certificates[0] as Certificate;
  const key = parsePrivateKey(input.keyPem, names.key);
  checkKey({ certificate, key }, names);
  const anchors = parseCertificates(input.anchorsPem, names.anchors);
  const chain = verifyIssuer(certificates, { anchors, nowMs: input.nowMs, names });
  return {
    certificate,
    key,
    intermediates: certificates.filter((member) => !member.subject.der.equals(member.issuer.der)),
    chain,
    notAfterMs: Math.min(...[...chain, ...certificates].map((member) => member.notAfterMs)),
  };
}

function checkKey({ certificate, key }: Credentials, names: Names): void {
  if (!exportSpkiDer(key).equals(exportSpkiDer(certificate.publicKey))) {
    throw createPkiError(
      'PKI_KEY_MISMATCH',
      `${names.key} does not fit ${names.cert} ("${nameCertificate(certificate)}"): it is another key; give the key that the certificate was made for.`,
    );
  }
  createSignatureAlgorithm(key);
}

/**
 * The chain from the issuer, the first of `certificates`, to an anchor. Throws a MeshError whose sentence says
 * which certificate is at fault and what to do. The CA asks again before each signature: time passes.
 */
export function verifyIssuer(
  certificates: readonly Certificate[],
  {
    anchors,
    nowMs,
    names = DEFAULT_NAMES,
  }: { anchors: readonly Certificate[]; nowMs: number; names?: Names },
): readonly Certificate[] {
  const [leaf, ...intermediates] = certificates;
  if (leaf === undefined)
    throw createPkiError('PKI_CERTIFICATE_UNREADABLE', `${names.cert} holds no certificate.`);
  const verdict = verifyChain({ leaf, intermediates, anchors, nowMs, purpose: 'issuer' });
  if (verdict.ok) return verdict.chain;
  const where = anchors.some((anchor) => anchor.der.equals(verdict.certificate.der))
    ? names.anchors
    : names.cert;
  throw createPkiError(
    ISSUER_CODES[verdict.reason] ?? 'PKI_ISSUER_UNTRUSTED',
    describeRefusal(verdict, { where, names, nowMs }),
  );
}

const ISSUER_CODES: Partial<Record<ChainRefusal, PkiErrorCode>> = {
  expired: 'PKI_ISSUER_EXPIRED',
  'not-yet-valid': 'PKI_ISSUER_NOT_YET_VALID',
  'not-a-ca': 'PKI_ISSUER_NOT_CA',
};

function describeRefusal(
  refusal: RefusedChain,
  { where, names, nowMs }: { where: string; names: Names; nowMs: number },
): string {
  const what = `${where}: ${lowerFirst(refusal.sentence).replace(/\.$/, '')}`;
  switch (refusal.reason) {
    case 'expired':
      return `${what} (it is ${formatTime(nowMs)} now); replace it with one that is valid.`;
    case 'not-yet-valid':
      return `${what} (it is ${formatTime(nowMs)} now); check this machine's clock or wait.`;
    case 'not-a-ca':
      return `${what}; make one with CA:TRUE and the key usage keyCertSign.`;
    case 'unknown-authority':
    case 'bad-signature':
      return `${what}; give an issuer signed by one of ${names.anchors}, or add its authority there.`;
    default:
      return `${what}; make a new issuer certificate without this.`;
  }
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
