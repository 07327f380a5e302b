import { createPkiError } from '../errors.ts';
import { formatIdentity, type IdentityName, isDnsLabel, parseIdentity } from './identity-name.ts';

/** A SPIFFE ID: `spiffe://TRUST-DOMAIN/PATH`. */
export interface SpiffeId {
  readonly trustDomain: string;
  /** The segments of the path; none for the trust domain itself. */
  readonly path: readonly string[];
}

/** A service account as a SPIFFE ID names it; the control plane's namespace is no part of it. */
export type SpiffeWorkload = Omit<IdentityName, 'controlPlaneNamespace'>;

const SPIFFE_SCHEME = 'spiffe://';
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[a-zA-Z0-9._-]+$/;
const MAX_SPIFFE_ID_LENGTH = 2048;

/** Whether the text is a SPIFFE trust domain (SPIFFE-ID standard, section 2.1). */
export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text);
}

/** Reads any SPIFFE ID. Throws PKI_IDENTITY_INVALID. Source: SPIFFE-ID standard, section 2. */
export function parseSpiffeId(text: string): SpiffeId {
  if (!text.startsWith(SPIFFE_SCHEME)) throw refuseSpiffeId(text);
  const [trustDomain = '', ...path] = text.slice(SPIFFE_SCHEME.length).split('/');
  const isPathGood = path.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..');
  if (text.length > MAX_SPIFFE_ID_LENGTH || !isTrustDomain(trustDomain) || !isPathGood)
    throw refuseSpiffeId(text);
  return { trustDomain, path };
}

export function isSpiffeId(text: string): boolean {
  try {
    parseSpiffeId(text);
    return true;
  } catch {
    return false;
  }
}

/** Writes `spiffe://TRUST-DOMAIN/ns/NS/sa/SA`. Throws PKI_IDENTITY_INVALID. */
export function formatSpiffeId({ trustDomain, namespace, serviceAccount }: SpiffeWorkload): string {
  const text = `${SPIFFE_SCHEME}${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  if (!isTrustDomain(trustDomain) || !isDnsLabel(namespace) || !isDnsLabel(serviceAccount))
    throw refuseSpiffeId(text);
  return text;
}

/** Reads `spiffe://TRUST-DOMAIN/ns/NS/sa/SA`. Throws PKI_IDENTITY_INVALID, also for a SPIFFE ID of another shape. */
export function parseSpiffeWorkload(text: string): SpiffeWorkload {
  const { trustDomain, path } = parseSpiffeId(text);
  const [ns, namespace = '', sa, serviceAccount = '', ...rest] = path;
  const isWorkload = ns === 'ns' && sa === 'sa' && rest.length === 0;
  if (!isWorkload || !isDnsLabel(namespace) || !isDnsLabel(serviceAccount)) {
    throw createPkiError(
      'PKI_IDENTITY_INVALID',
      `"${text}" names no service account; such a SPIFFE ID has the form spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT.`,
    );
  }
  return { trustDomain, namespace, serviceAccount };
}

/** The SPIFFE ID of a DNS identity. Throws PKI_IDENTITY_INVALID. */
export function convertIdentityToSpiffeId(identity: string): string {
  return formatSpiffeId(parseIdentity(identity));
}

/** The DNS identity of a SPIFFE ID, as the control plane in this namespace names it. Throws PKI_IDENTITY_INVALID. */
export function convertSpiffeIdToIdentity(spiffeId: string, controlPlaneNamespace: string): string {
  return formatIdentity({ ...parseSpiffeWorkload(spiffeId), controlPlaneNamespace });
}

function refuseSpiffeId(text: string): Error {
  return createPkiError(
    'PKI_IDENTITY_INVALID',
    `"${text}" is not a SPIFFE ID of the form spiffe://TRUST-DOMAIN/PATH; the trust domain is lower case.`,
  );
}
