import { type KeyObject, randomBytes, randomInt } from 'node:crypto';
import { createPkiError } from '../errors.ts';
import { generatePrivateKey } from '../keys.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import {
  createBitString,
  createContext,
  createInteger,
  createSequence,
  type Der,
  encodeDer,
  readDer,
} from './der.ts';
import { createDistinguishedName } from './distinguished-name.ts';
import {
  createAuthorityKeyId,
  createBasicConstraints,
  createExtendedKeyUsage,
  createExtension,
  createKeyUsage,
  createSubjectAltNames,
  createSubjectKeyId,
  type Extension,
} from './extension.ts';
import type { SubjectAltName } from './general-name.ts';
import { OID } from './oids.ts';
import { createSignature, createSignatureAlgorithm } from './signature.ts';
import { computeKeyId, exportSpki } from './spki.ts';
import { createTime } from './validity.ts';

/** A certificate and the private key that fits it. */
export interface Credentials {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

/** From the first to the last moment, in milliseconds since the epoch; written in whole seconds, rounded down. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface TrustAnchorOptions extends Validity {
  readonly commonName: string;
  /** Made anew when left out: ECDSA P-256. */
  readonly key?: KeyObject;
}

export interface IssuerOptions extends TrustAnchorOptions {
  readonly anchor: Credentials;
  /** How many more authorities may stand below the issuer; 0 when left out. */
  readonly pathLength?: number;
}

export interface LeafOptions extends Validity {
  readonly issuer: Credentials;
  readonly publicKey: KeyObject;
  /** The empty subject when left out. */
  readonly commonName?: string;
  readonly dnsNames: readonly string[];
  /** `spiffe://…`, written after the DNS names. A SPIFFE leaf has exactly one. */
  readonly uris?: readonly string[];
}

/** Creates a self-signed trust anchor. */
export function createTrustAnchor(options: TrustAnchorOptions): Credentials {
  const key = options.key ?? generatePrivateKey();
  const subject = createDistinguishedName(options.commonName);
  const certificate = signCertificate({
    subject,
    issuer: { name: subject, key },
    publicKey: key,
    validity: options,
    extensions: [createBasicConstraints({ isCa: true }), createKeyUsage(['keyCertSign', 'cRLSign'])],
  });
  return { certificate, key };
}

/** Issues an intermediate authority that signs workload certificates. */
export function issueIssuer(options: IssuerOptions): Credentials {
  const key = options.key ?? generatePrivateKey();
  const certificate = signCertificate({
    subject: createDistinguishedName(options.commonName),
    issuer: nameSigner(options.anchor),
    publicKey: key,
    validity: options,
    extensions: [
      createBasicConstraints({ isCa: true, pathLength: options.pathLength ?? 0 }),
      createKeyUsage(['keyCertSign', 'cRLSign']),
    ],
  });
  return { certificate, key };
}

/** Issues a workload's or a webhook's certificate, for both ends of TLS. */
export function issueLeaf(options: LeafOptions): Certificate {
  const names: SubjectAltName[] = [
    ...options.dnsNames.map((value) => ({ kind: 'dns', value }) as const),
    ...(options.uris ?? []).map((value) => ({ kind: 'uri', value }) as const),
  ];
  if (names.length === 0) {
    throw createPkiError(
      'PKI_ISSUANCE_INVALID',
      'A leaf certificate without a name would identify nobody; give it a DNS name or a URI.',
    );
  }
  return signCertificate({
    subject: createDistinguishedName(options.commonName),
    issuer: nameSigner(options.issuer),
    publicKey: options.publicKey,
    validity: options,
    extensions: [
      createKeyUsage(['digitalSignature', 'keyEncipherment']),
      createExtendedKeyUsage([OID.serverAuth, OID.clientAuth]),
      createBasicConstraints({ isCa: false }),
      createSubjectAltNames(names, (options.commonName ?? '') !== ''),
    ],
  });
}

interface Signer {
  readonly name: Der;
  readonly key: KeyObject;
  /** Undefined for an authority whose certificate has none, which then is not referred to by it. */
  readonly keyId?: Buffer;
}

function nameSigner({ certificate, key }: Credentials): Signer {
  const keyId = certificate.subjectKeyId;
  return { name: readDer(certificate.subject.der), key, ...(keyId && { keyId }) };
}

interface CertificateContent {
  readonly subject: Der;
  readonly issuer: Signer;
  readonly publicKey: KeyObject;
  readonly validity: Validity;
  readonly extensions: readonly Extension[];
}

function signCertificate({
  subject,
  issuer,
  publicKey,
  validity,
  extensions,
}: CertificateContent): Certificate {
  if (validity.notAfterMs <= validity.notBeforeMs) {
    throw createPkiError(
      'PKI_ISSUANCE_INVALID',
      'A certificate that ends before it begins cannot be issued; check the lifetime and the clock.',
    );
  }
  const algorithm = createSignatureAlgorithm(issuer.key);
  const keyIds = [
    createSubjectKeyId(computeKeyId(publicKey)),
    ...(issuer.keyId ? [createAuthorityKeyId(issuer.keyId)] : []),
  ];
  const tbs = createSequence(
    createContext(0, [createInteger(Buffer.from([2]))]),
    createInteger(createSerial()),
    algorithm,
    issuer.name,
    createSequence(createTime(validity.notBeforeMs), createTime(validity.notAfterMs)),
    subject,
    exportSpki(publicKey),
    createContext(3, [createSequence(...[...extensions, ...keyIds].map(createExtension))]),
  );
  const signature = createSignature(encodeDer(tbs), issuer.key);
  return parseCertificate(encodeDer(createSequence(tbs, algorithm, createBitString(signature))));
}

/** 16 random bytes, positive and without a leading zero byte (RFC 5280, section 4.1.2.2: at most 20 octets). */
function createSerial(): Buffer {
  return Buffer.from([randomInt(1, 0x80), ...randomBytes(15)]);
}
