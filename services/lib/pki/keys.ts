import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createPkiError, translateReadErrors } from './errors.ts';
import { type PemBlock, parsePem } from './pem.ts';

const KEY_LABELS: Readonly<Record<string, 'pkcs8' | 'sec1' | 'pkcs1'>> = {
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
  'RSA PRIVATE KEY': 'pkcs1',
};

const CURVE_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** A new private key of the mesh's own kind: ECDSA P-256. */
export function generatePrivateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/**
 * Reads the first private key of a PEM text: PKCS#8, SEC1 (`EC PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`).
 * What else stands there (`EC PARAMETERS`, certificates) is passed over.
 * Throws PKI_PEM_UNREADABLE or PKI_KEY_UNREADABLE; `source` names the file or value in the sentence.
 */
export function parsePrivateKey(pem: string, source: string): KeyObject {
  const blocks = parsePem(pem, source);
  if (blocks.some(isEncrypted)) {
    throw createPkiError(
      'PKI_KEY_UNREADABLE',
      `${source} holds an encrypted private key; decrypt it with "openssl pkey -in FILE -out FILE".`,
    );
  }
  const block = blocks.find((candidate) => KEY_LABELS[candidate.label] !== undefined);
  const type = KEY_LABELS[block?.label ?? ''];
  if (block === undefined || type === undefined) {
    const labels = blocks.map((candidate) => candidate.label).join(', ');
    throw createPkiError(
      'PKI_KEY_UNREADABLE',
      `${source} holds no private key but ${labels}; give it a block "-----BEGIN PRIVATE KEY-----".`,
    );
  }
  return translateReadErrors(
    'PKI_KEY_UNREADABLE',
    (detail) =>
      `${source}: the private key in PEM block ${block.index} (line ${block.line}) is unreadable: ${detail}.`,
    () => createPrivateKey({ key: block.der, format: 'der', type }),
  );
}

function isEncrypted(block: PemBlock): boolean {
  return (
    block.label === 'ENCRYPTED PRIVATE KEY' || (block.hasHeaders && KEY_LABELS[block.label] !== undefined)
  );
}

/** The key as PKCS#8 PEM. */
export function formatPrivateKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The kind of a key as a person says it: `ECDSA P-256`, `RSA 2048`, `Ed25519`. */
export function describeKey(key: KeyObject): string {
  const details = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') {
    return `ECDSA ${CURVE_NAMES[details.namedCurve ?? ''] ?? details.namedCurve ?? 'of an unknown curve'}`;
  }
  if (key.asymmetricKeyType === 'rsa') return `RSA ${details.modulusLength ?? 0}`;
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  return key.asymmetricKeyType ?? 'secret';
}
