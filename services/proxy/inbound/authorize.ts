import { defaultMeta, type PolicyMeta } from '../policy/metadata.ts';
import { isLoopback } from '../transport/address.ts';
import { matcherOf } from './network-match.ts';
import type { Authentication, Authorization } from './server-policy.ts';

/** What is known of the client of a connection. */
export interface ClientInfo {
  readonly ip: string;
  /** True when this proxy terminated mesh TLS. */
  readonly isTls: boolean;
  readonly identity: string | undefined;
}

/** The app itself may always talk to its own ports. */
const LOCALHOST = defaultMeta('localhost');

/**
 * The first authorization that admits the client: its metadata, which metrics name, or undefined for a refusal.
 * Pure: source facts sheet proxy-wire, section 23.
 */
export function authorize(
  authorizations: readonly Authorization[],
  client: ClientInfo,
): PolicyMeta | undefined {
  for (const authorization of authorizations) {
    if (!admits(authorization.authentication, client)) continue;
    if (matcherOf(authorization.networks)(client.ip)) return authorization.meta;
  }
  return isLoopback(client.ip) ? LOCALHOST : undefined;
}

function admits(authentication: Authentication, client: ClientInfo): boolean {
  switch (authentication.kind) {
    case 'unauthenticated':
      return true;
    case 'tls':
      return client.isTls;
    case 'mesh-tls':
      return client.isTls && client.identity !== undefined && admitsIdentity(authentication, client.identity);
  }
}

/** Suffixes apply to DNS identities only; the empty suffix admits every identity. */
function admitsIdentity(authentication: Authentication & { kind: 'mesh-tls' }, identity: string): boolean {
  if (authentication.identities.has(identity)) return true;
  const isDns = !identity.includes('://');
  return authentication.suffixes.some(
    (suffix) => suffix === '' || (isDns && identity.endsWith(`.${suffix}`)),
  );
}
