import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { createPkiError, translateReadErrors } from '../errors.ts';
import { describeKey } from '../keys.ts';
import { formatPem, parsePem } from '../pem.ts';
import {
  type Der,
  encodeDer,
  isContext,
  isUniversal,
  readChildren,
  readContent,
  readDer,
  readSequence,
  readSmallInteger,
  TAG,
} from './der.ts';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.ts';
import {
  type BasicConstraints,
  type Extension,
  type KeyUsage,
  readAuthorityKeyId,
  readBasicConstraints,
  readExtendedKeyUsage,
  readExtensions,
  readKeyUsage,
  readSubjectKeyId,
} from './extension.ts';
import { readSubjectAltNames, type SubjectAltName } from './general-name.ts';
import { type NameConstraints, readNameConstraints } from './name-constraint.ts';
import { OID } from './oids.ts';
import { nameSignatureAlgorithm, readSignedBytes, type SignedBytes } from './signature.ts';
import { readTimeMs } from './validity.ts';

/** A parsed X.509 certificate (RFC 5280). Lists that it does not have are empty. */
export interface Certificate {
  readonly der: Buffer;
  /** 1 or 3. */
  readonly version: number;
  /** Lower-case hexadecimal, two digits a byte, as openssl and step write it. */
  readonly serialHex: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly notBeforeMs: number;
  /** The last moment at which it is valid. */
  readonly notAfterMs: number;
  readonly subjectAltNames: readonly SubjectAltName[];
  readonly isCa: boolean;
  readonly pathLength?: number;
  /** Undefined where the certificate does not restrict what its key is for. */
  readonly keyUsage?: readonly KeyUsage[];
  /** Object identifiers; undefined where the certificate does not restrict its purpose. */
  readonly extendedKeyUsage?: readonly string[];
  readonly nameConstraints?: NameConstraints;
  readonly subjectKeyId?: Buffer;
  readonly authorityKeyId?: Buffer;
  readonly publicKey: KeyObject;
  /** `ECDSA P-256`, `RSA 2048`, … */
  readonly keyAlgorithm: string;
  /** As openssl names it, such as `ecdsa-with-SHA256`. */
  readonly signatureAlgorithm: string;
  /** SHA-256 of the DER bytes, lower-case hexadecimal. */
  readonly fingerprintSha256: string;
  readonly signed: SignedBytes;
  readonly extensions: readonly Extension[];
}

/** Reads one DER certificate. Throws PKI_CERTIFICATE_UNREADABLE; `source` names it in the sentence. */
export function parseCertificate(der: Uint8Array, source = 'The certificate'): Certificate {
  return translateReadErrors(
    'PKI_CERTIFICATE_UNREADABLE',
    (detail) => `${source} is not a readable X.509 certificate: ${detail}.`,
    () => readCertificate(Buffer.from(der)),
  );
}

/**
 * Reads every certificate of a PEM text, in order; blocks of other kinds are passed over.
 * Throws PKI_PEM_UNREADABLE or PKI_CERTIFICATE_UNREADABLE with the number of the block, also when there is none.
 */
export function parseCertificates(pem: string, source: string): readonly Certificate[] {
  const blocks = parsePem(pem, source);
  const found = blocks.filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label));
  if (found.length === 0) {
    const labels = blocks.map(({ label }) => label).join(', ');
    throw createPkiError(
      'PKI_CERTIFICATE_UNREADABLE',
      `${source} holds no certificate but ${labels}; give it a block "-----BEGIN CERTIFICATE-----".`,
    );
  }
  return found.map((block) =>
    parseCertificate(block.der, `${source}: PEM block ${block.index} (line ${block.line})`),
  );
}

/** Writes certificates as PEM, one block each. */
export function formatCertificates(certificates: readonly Certificate[]): string {
  return certificates.map(({ der }) => formatPem('CERTIFICATE', der)).join('');
}

function readCertificate(der: Buffer): Certificate {
  const [tbs, algorithm, signature, ...rest] = readSequence(readDer(der), 'the certificate');
  if (algorithm === undefined || rest.length > 0) throw new Error('it does not have three parts');
  const fields = readFields(tbs);
  if (!encodeDer(algorithm).equals(encodeDer(fields.algorithm))) {
    throw new Error('it names two different signature algorithms');
  }
  const signed = readSignedBytes(der, algorithm, signature);
  const publicKey = createPublicKey({ key: encodeDer(fields.publicKey), format: 'der', type: 'spki' });
  return {
    der,
    version: fields.version,
    serialHex: readSerialHex(fields.serial),
    subject: readDistinguishedName(fields.subject),
    issuer: readDistinguishedName(fields.issuer),
    ...readValidity(fields.validity),
    ...readKnownExtensions(fields.extensions),
    publicKey,
    keyAlgorithm: describeKey(publicKey),
    signatureAlgorithm: nameSignatureAlgorithm(signed.algorithmOid),
    fingerprintSha256: createHash('sha256').update(der).digest('hex'),
    signed,
    extensions: fields.extensions,
  };
}

function readFields(tbs: Der | undefined) {
  const parts = [...readSequence(tbs, 'the certificate')];
  const version = isContext(parts[0], 0) ? readVersion(parts.shift()) : 1;
  const [serial, algorithm, issuer, validity, subject, publicKey, ...optional] = parts;
  if (!isUniversal(serial, TAG.integer)) throw new Error('the serial number is missing');
  if (algorithm === undefined || publicKey === undefined) throw new Error('the public key is missing');
  const extensions = readExtensionsField(optional.find((part) => isContext(part, 3)));
  return { version, serial, algorithm, issuer, validity, subject, publicKey, extensions };
}

/** Without the zero byte that only keeps a serial number positive, as everybody writes it. */
function readSerialHex(node: Der): string {
  const hex = readContent(node, 'the serial number').toString('hex');
  return hex.length > 2 ? hex.replace(/^00/, '') : hex;
}

function readVersion(node: Der | undefined): number {
  return readSmallInteger(readChildren(node, 'the version')[0], 'the version') + 1;
}

function readExtensionsField(node: Der | undefined): readonly Extension[] {
  const list = node === undefined ? undefined : readChildren(node, 'the extensions')[0];
  return list === undefined ? [] : readExtensions(list);
}

function readValidity(node: Der | undefined): { notBeforeMs: number; notAfterMs: number } {
  const [notBefore, notAfter] = readSequence(node, 'the validity');
  return { notBeforeMs: readTimeMs(notBefore), notAfterMs: readTimeMs(notAfter) };
}

function readKnownExtensions(extensions: readonly Extension[]) {
  const read = <T>(oid: string, reader: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.find((candidate) => candidate.oid === oid);
    return extension === undefined ? undefined : reader(extension.value);
  };
  const constraints: BasicConstraints = read(OID.basicConstraints, readBasicConstraints) ?? { isCa: false };
  const keyUsage = read(OID.keyUsage, readKeyUsage);
  const extendedKeyUsage = read(OID.extendedKeyUsage, readExtendedKeyUsage);
  const nameConstraints = read(OID.nameConstraints, readNameConstraints);
  const subjectKeyId = read(OID.subjectKeyIdentifier, readSubjectKeyId);
  const authorityKeyId = read(OID.authorityKeyIdentifier, readAuthorityKeyId);
  return {
    ...constraints,
    subjectAltNames: read(OID.subjectAltName, readSubjectAltNames) ?? [],
    ...(keyUsage && { keyUsage }),
    ...(extendedKeyUsage && { extendedKeyUsage }),
    ...(nameConstraints && { nameConstraints }),
    ...(subjectKeyId && { subjectKeyId }),
    ...(authorityKeyId && { authorityKeyId }),
  };
}
