import { type KeyObject, sign, verify } from 'node:crypto';
import { createPkiError } from '../errors.ts';
import { describeKey } from '../keys.ts';
import {
  createNull,
  createOid,
  createSequence,
  type Der,
  isUniversal,
  readBitString,
  readOid,
  readSequence,
  sliceFirstChild,
  TAG,
} from './der.ts';
import { OID } from './oids.ts';

interface Scheme {
  /** As openssl names it. */
  readonly name: string;
  readonly keyType: 'ec' | 'rsa' | 'ed25519';
  /** null where the scheme fixes its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
}

/** The signatures that a chain may hold: facts sheet proxy-wire, section 3. */
const ACCEPTED: Readonly<Record<string, Scheme>> = {
  [OID.ecdsaWithSha256]: { name: 'ecdsa-with-SHA256', keyType: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { name: 'ecdsa-with-SHA384', keyType: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ecdsa-with-SHA512', keyType: 'ec', hash: 'sha512' },
  [OID.rsaWithSha256]: { name: 'sha256WithRSAEncryption', keyType: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'sha384WithRSAEncryption', keyType: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'sha512WithRSAEncryption', keyType: 'rsa', hash: 'sha512' },
  '1.3.101.112': { name: 'ED25519', keyType: 'ed25519', hash: null },
};

/** Known by name, to name them in a refusal. */
const REFUSED: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.3.101.113': 'ED448',
};

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** What was signed, how, and the signature. */
export interface SignedBytes {
  readonly bytes: Buffer;
  readonly algorithmOid: string;
  readonly signature: Buffer;
}

/** Reads the last two parts of a certificate or request. Throws a plain Error; callers translate it. */
export function readSignedBytes(
  der: Buffer,
  algorithm: Der | undefined,
  signature: Der | undefined,
): SignedBytes {
  const [oid, parameters] = readSequence(algorithm, 'the signature algorithm');
  const algorithmOid = readOid(oid);
  const scheme = ACCEPTED[algorithmOid];
  // RFC 5758, section 3.2; RFC 8410, section 3; RFC 4055, section 5.
  const areParametersGood =
    parameters === undefined || (scheme?.keyType === 'rsa' && isUniversal(parameters, TAG.null));
  if (scheme !== undefined && !areParametersGood) throw new Error('the signature algorithm has parameters');
  const { bytes, unusedBits } = readBitString(signature, 'the signature');
  if (unusedBits !== 0) throw new Error('the signature is not a whole number of bytes');
  return { bytes: sliceFirstChild(der), algorithmOid, signature: bytes };
}

export function nameSignatureAlgorithm(oid: string): string {
  return ACCEPTED[oid]?.name ?? REFUSED[oid] ?? oid;
}

/** Whether the mesh takes keys of this kind and size at all: P-256, P-384, P-521, Ed25519, RSA 2048 to 8192. */
function isAcceptedKey(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ed25519') return true;
  if (key.asymmetricKeyType === 'ec') {
    return ['prime256v1', 'secp384r1', 'secp521r1'].includes(key.asymmetricKeyDetails?.namedCurve ?? '');
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
}

/** Checks a signature: `unsupported` where the mesh accepts neither such a signature nor such a key. */
export function verifySignature(signed: SignedBytes, publicKey: KeyObject): 'good' | 'bad' | 'unsupported' {
  const scheme = ACCEPTED[signed.algorithmOid];
  if (scheme === undefined || !isAcceptedKey(publicKey)) return 'unsupported';
  if (scheme.keyType !== publicKey.asymmetricKeyType) return 'bad';
  try {
    return verify(scheme.hash, signed.bytes, publicKey, signed.signature) ? 'good' : 'bad';
  } catch {
    return 'bad';
  }
}

/** Signs with SHA-256, by an ECDSA or an RSA key. */
export function createSignature(bytes: Uint8Array, privateKey: KeyObject): Buffer {
  return sign('sha256', bytes, privateKey);
}

/** The algorithm that `createSignature` uses with this key. */
export function createSignatureAlgorithm(privateKey: KeyObject): Der {
  if (privateKey.asymmetricKeyType === 'ec' && isAcceptedKey(privateKey)) {
    return createSequence(createOid(OID.ecdsaWithSha256));
  }
  if (privateKey.asymmetricKeyType === 'rsa' && isAcceptedKey(privateKey)) {
    return createSequence(createOid(OID.rsaWithSha256), createNull());
  }
  throw createPkiError(
    'PKI_KEY_UNSUPPORTED',
    `A key of the kind ${describeKey(privateKey)} cannot sign for the mesh; use ECDSA P-256 or P-384, or RSA with 2048 bits or more.`,
  );
}
