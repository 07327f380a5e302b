import {
  createBitString,
  createBoolean,
  createContext,
  createInteger,
  createOctetString,
  createOid,
  createSequence,
  type Der,
  encodeDer,
  isContext,
  isUniversal,
  readBitString,
  readBoolean,
  readContent,
  readDer,
  readOid,
  readSequence,
  readSmallInteger,
  TAG,
} from './der.ts';
import { encodeSubjectAltNames, type SubjectAltName } from './general-name.ts';
import { OID } from './oids.ts';

/** One extension as it stands in a certificate or a request: its value is the DER inside the octet string. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

/** The bits of the key usage extension, in their order (RFC 5280, section 4.2.1.3). */
export const KEY_USAGES = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** Reads a list of extensions. One that stands twice is refused (RFC 5280, section 4.2). */
export function readExtensions(node: Der): readonly Extension[] {
  const extensions = readSequence(node, 'the extensions').map(readExtension);
  if (new Set(extensions.map((extension) => extension.oid)).size !== extensions.length) {
    throw new Error('an extension stands twice');
  }
  return extensions;
}

function readExtension(node: Der): Extension {
  const parts = readSequence(node, 'an extension');
  const value = parts.at(-1);
  if (!isUniversal(value, TAG.octetString)) throw new Error('an extension has no value');
  const flag = parts.length === 3 ? parts[1] : undefined;
  return {
    oid: readOid(parts[0]),
    critical: flag !== undefined && readBoolean(flag),
    value: readContent(value, 'the value of an extension'),
  };
}

export function createExtension(extension: Extension): Der {
  const flag = extension.critical ? [createBoolean(true)] : [];
  return createSequence(createOid(extension.oid), ...flag, createOctetString(extension.value));
}

export interface BasicConstraints {
  readonly isCa: boolean;
  /** How many more authorities may stand below this one. */
  readonly pathLength?: number;
}

export function readBasicConstraints(value: Uint8Array): BasicConstraints {
  const parts = readSequence(readDer(value), 'the basic constraints');
  const flag = parts.find((part) => isUniversal(part, TAG.boolean));
  const limit = parts.find((part) => isUniversal(part, TAG.integer));
  return {
    isCa: flag !== undefined && readBoolean(flag),
    ...(limit === undefined ? {} : { pathLength: readSmallInteger(limit, 'the path length') }),
  };
}

export function createBasicConstraints({ isCa, pathLength }: BasicConstraints): Extension {
  const limit = pathLength === undefined ? [] : [createInteger(Buffer.from([pathLength]))];
  const value = encodeDer(createSequence(...(isCa ? [createBoolean(true)] : []), ...limit));
  return { oid: OID.basicConstraints, critical: true, value };
}

export function readKeyUsage(value: Uint8Array): readonly KeyUsage[] {
  const { bytes } = readBitString(readDer(value), 'the key usage');
  return KEY_USAGES.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** `usages` from the first eight bits, which is all that a certificate authority or a workload needs. */
export function createKeyUsage(usages: readonly Exclude<KeyUsage, 'decipherOnly'>[]): Extension {
  const bits = usages.map((usage) => KEY_USAGES.indexOf(usage));
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  // DER: trailing zero bits of a named bit list are left out (X.690, section 11.2.2).
  const value = encodeDer(createBitString(Buffer.from([byte]), 7 - Math.max(...bits)));
  return { oid: OID.keyUsage, critical: true, value };
}

export function readExtendedKeyUsage(value: Uint8Array): readonly string[] {
  return readSequence(readDer(value), 'the extended key usage').map(readOid);
}

export function createExtendedKeyUsage(purposes: readonly string[]): Extension {
  const value = encodeDer(createSequence(...purposes.map(createOid)));
  return { oid: OID.extendedKeyUsage, critical: false, value };
}

export function readSubjectKeyId(value: Uint8Array): Buffer {
  return readContent(readDer(value), 'the subject key identifier');
}

export function createSubjectKeyId(keyId: Uint8Array): Extension {
  return { oid: OID.subjectKeyIdentifier, critical: false, value: encodeDer(createOctetString(keyId)) };
}

/** The key identifier of an authority key identifier; undefined where it names its authority otherwise. */
export function readAuthorityKeyId(value: Uint8Array): Buffer | undefined {
  const keyId = readSequence(readDer(value), 'the authority key identifier').find((part) =>
    isContext(part, 0),
  );
  return keyId === undefined ? undefined : readContent(keyId, 'the authority key identifier');
}

export function createAuthorityKeyId(keyId: Uint8Array): Extension {
  const value = encodeDer(createSequence(createContext(0, keyId)));
  return { oid: OID.authorityKeyIdentifier, critical: false, value };
}

/** Critical where there is no subject to go by (RFC 5280, section 4.2.1.6). */
export function createSubjectAltNames(names: readonly SubjectAltName[], hasSubject: boolean): Extension {
  return { oid: OID.subjectAltName, critical: !hasSubject, value: encodeSubjectAltNames(names) };
}
