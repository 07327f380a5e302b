import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { type Der, readBitString, readDer, readSequence } from './der.ts';

/** The SubjectPublicKeyInfo bytes of a public key, or of the public half of a private one. */
export function exportSpkiDer(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}

export function exportSpki(key: KeyObject): Der {
  return readDer(exportSpkiDer(key));
}

/** The key identifier of RFC 7093, section 2, method 1: the first 160 bits of the SHA-256 of the key's bits. */
export function computeKeyId(key: KeyObject): Buffer {
  const { bytes } = readBitString(readSequence(exportSpki(key), 'the key')[1], 'the key');
  return createHash('sha256').update(bytes).digest().subarray(0, 20);
}
