import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

/** TLS between proxies. Source: facts sheet proxy-wire, section 3. */
export const PROTOCOL_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  honorCipherOrder: true,
  /** Hybrid post-quantum first; a peer without it agrees on X25519. */
  ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384',
  sigalgs:
    'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** A workload certificate with its key, as PEM text held in memory. */
export interface TlsCredentials {
  /** Leaf first, then the intermediates. */
  readonly certificatesPem: string;
  readonly keyPem: string;
  readonly trustAnchorsPem: string;
}

/** The context for handshakes in both roles with these credentials. */
export function createMeshContext(credentials: TlsCredentials): SecureContext {
  return createSecureContext({
    ...PROTOCOL_OPTIONS,
    cert: credentials.certificatesPem,
    key: credentials.keyPem,
    ca: credentials.trustAnchorsPem,
  });
}

/** A context that trusts the anchors and shows no certificate: for the first call to the identity service. */
export function createAnonymousContext(trustAnchorsPem: string): SecureContext {
  return createSecureContext({ ...PROTOCOL_OPTIONS, ca: trustAnchorsPem });
}

/**
 * The DNS and URI names of a certificate, in its order, lower case for DNS, from Node's `subjectaltname` text.
 * Node quotes a name that could be mistaken for two; such a name is never one of ours and is left out.
 */
export function namesOfSan(subjectAltName: string | undefined): string[] {
  const names: string[] = [];
  for (const entry of (subjectAltName ?? '').split(', ')) {
    if (entry.startsWith('DNS:') && !entry.startsWith('DNS:"')) names.push(entry.slice(4).toLowerCase());
    else if (entry.startsWith('URI:') && !entry.startsWith('URI:"')) names.push(entry.slice(4));
  }
  return names;
}

/** OpenSSL's reason alone where there is one: its whole message names source files and ends in a line break. */
export function describeTlsError(error: Error & { readonly reason?: string }): string {
  return error.reason ?? error.message;
}
