import { type Clock, describeError, MeshError } from '#lib/base';
import {
  type Certificate,
  type CertificateRequest,
  describeKey,
  type Issuer,
  issueLeaf,
  parseCertificateRequest,
  verifyCertificateRequest,
  verifyIssuer,
} from '#lib/pki';
import { type Bearer, listSpiffeIds, nameBearer, parseBearer } from './bearer.ts';
import { checkRequestedNames } from './csr-names.ts';
import type { EventSink } from './event.ts';
import { createRefusal } from './refusal.ts';
import type { TokenReviewer, TokenReviewResult } from './token-reviewer.ts';

/** What a proxy asks for. */
export interface CertifyRequest {
  readonly identity: string;
  readonly token: Uint8Array;
  /** DER PKCS#10. */
  readonly csr: Uint8Array;
}

export interface CertifyAnswer {
  readonly leaf: Certificate;
  /** From the issuer upwards, without the root. */
  readonly intermediates: readonly Certificate[];
}

/** An issuer together with the trust anchors that it was verified against. */
export interface IssuerInUse {
  readonly issuer: Issuer;
  readonly anchors: readonly Certificate[];
}

export interface CertifySettings {
  readonly controllerNamespace: string;
  readonly trustDomain: string;
  readonly audience: string;
  readonly lifetimeMs: number;
  /** How far the clocks of two machines may be apart: validity is this much longer at both ends. */
  readonly clockSkewMs: number;
}

export interface CertifyParts {
  readonly settings: CertifySettings;
  /** Undefined until one is loaded. */
  readonly getIssuer: () => IssuerInUse | undefined;
  readonly reviewer: TokenReviewer;
  readonly events: EventSink;
  readonly clock: Clock;
}

/**
 * Decides about one request for a certificate. Throws a MeshError with a RefusalCode. The checks and their order are
 * those of facts sheet control-plane, section 1.
 */
export async function certify(request: CertifyRequest, parts: CertifyParts): Promise<CertifyAnswer> {
  const inUse = parts.getIssuer();
  if (inUse === undefined) throw createRefusal('IDENTITY_ISSUER_NOT_READY', 'cert issuer not ready yet');
  const csr = readRequest(request);
  checkIssuer(inUse, parts);
  checkRequestedNames(csr, request.identity);
  const { username, uid } = await reviewToken(request.token, parts);
  const bearer = parseBearer(username);
  checkBearer(bearer, request.identity, parts.settings);
  // The issuer may have been replaced while the token was looked at.
  const { issuer } = parts.getIssuer() ?? inUse;
  const leaf = sign(csr, issuer, { ...parts, bearer, identity: request.identity });
  parts.events.record({
    type: 'Normal',
    reason: 'IssuedLeafCertificate',
    message: `issued certificate for ${request.identity} until ${formatInstant(leaf.notAfterMs)}: ${leaf.fingerprintSha256}`,
    ...(bearer.type === 'serviceaccount' && {
      serviceAccount: { namespace: bearer.namespace, name: bearer.name, ...(uid && { uid }) },
    }),
  });
  return { leaf, intermediates: issuer.intermediates };
}

function readRequest({ identity, token, csr }: CertifyRequest): CertificateRequest {
  const missing =
    identity === ''
      ? 'identity'
      : token.length === 0
        ? 'token'
        : csr.length === 0
          ? 'certificate signing request'
          : '';
  if (missing !== '') throw createRefusal('IDENTITY_REQUEST_INCOMPLETE', `missing ${missing}`);
  const parsed = translate('IDENTITY_CSR_UNREADABLE', () => parseCertificateRequest(csr));
  if (!verifyCertificateRequest(parsed)) {
    throw createRefusal(
      'IDENTITY_CSR_UNREADABLE',
      'The certificate signing request is not signed by the key that it is for.',
    );
  }
  return parsed;
}

function checkIssuer({ issuer, anchors }: IssuerInUse, { clock, events }: CertifyParts): void {
  try {
    verifyIssuer([issuer.certificate, ...issuer.intermediates], { anchors, nowMs: clock.now() });
  } catch (error) {
    const message = describeError(error);
    events.record({ type: 'Warning', reason: 'IssuerValidationFailed', message });
    throw createRefusal('IDENTITY_ISSUER_INVALID', message, error);
  }
}

async function reviewToken(
  bytes: Uint8Array,
  { reviewer, settings }: CertifyParts,
): Promise<TokenReviewResult> {
  const token = Buffer.from(bytes).toString('utf8');
  const ask = async (audience: string | undefined) => {
    try {
      return await reviewer.review(token, audience);
    } catch (error) {
      const sentence = `The token could not be reviewed: ${describeError(error)}`;
      throw createRefusal('IDENTITY_TOKEN_REVIEW_FAILED', sentence, error);
    }
  };
  const first = await ask(settings.audience);
  // A cluster whose API server knows no audiences but its own says so in these words.
  const result = first.error.includes('token audiences') ? await ask(undefined) : first;
  if (result.error !== '')
    throw createRefusal('IDENTITY_TOKEN_INVALID', `The token is not valid: ${result.error}`);
  if (!result.authenticated) {
    throw createRefusal(
      'IDENTITY_TOKEN_NOT_AUTHENTICATED',
      'The token authenticates nobody; use a fresh one.',
    );
  }
  return result;
}

function checkBearer(bearer: Bearer, identity: string, settings: CertifySettings): void {
  const own = nameBearer(bearer, settings);
  if (own === identity) return;
  throw createRefusal(
    'IDENTITY_NAME_MISMATCH',
    `The token stands for "${own}", which may not ask for "${identity}".`,
  );
}

function sign(
  csr: CertificateRequest,
  issuer: Issuer,
  { settings, clock, bearer, identity }: CertifyParts & { bearer: Bearer; identity: string },
): Certificate {
  if (csr.publicKey.asymmetricKeyType !== 'ec') {
    const kind = describeKey(csr.publicKey);
    throw createRefusal(
      'IDENTITY_SIGNING_FAILED',
      `The certificate signing request has a key of the kind ${kind}; it must be ECDSA.`,
    );
  }
  const nowMs = clock.now();
  return translate('IDENTITY_SIGNING_FAILED', () =>
    issueLeaf({
      issuer,
      publicKey: csr.publicKey,
      ...(csr.subject.commonName === undefined ? {} : { commonName: csr.subject.commonName }),
      dnsNames: [identity],
      uris: listSpiffeIds(bearer, settings.trustDomain),
      notBeforeMs: nowMs - settings.clockSkewMs,
      notAfterMs: Math.min(nowMs + settings.lifetimeMs + settings.clockSkewMs, issuer.notAfterMs),
    }),
  );
}

function translate<T>(code: 'IDENTITY_CSR_UNREADABLE' | 'IDENTITY_SIGNING_FAILED', run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof MeshError) throw createRefusal(code, error.message, error);
    throw error;
  }
}

function formatInstant(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
