import { createPublicKey, type KeyObject } from 'node:crypto';
import { translateReadErrors } from '../errors.ts';
import {
  createBitString,
  createContext,
  createInteger,
  createOid,
  createSequence,
  createSet,
  type Der,
  encodeDer,
  isContext,
  readChildren,
  readDer,
  readOid,
  readSequence,
} from './der.ts';
import {
  createDistinguishedName,
  type DistinguishedName,
  readDistinguishedName,
} from './distinguished-name.ts';
import { createExtension, createSubjectAltNames, readExtensions } from './extension.ts';
import { readSubjectAltNames, type SubjectAltName } from './general-name.ts';
import { OID } from './oids.ts';
import {
  createSignature,
  createSignatureAlgorithm,
  readSignedBytes,
  type SignedBytes,
  verifySignature,
} from './signature.ts';
import { exportSpki } from './spki.ts';

/** A parsed PKCS#10 certificate signing request (RFC 2986). */
export interface CertificateRequest {
  readonly der: Buffer;
  readonly subject: DistinguishedName;
  /** Every subject alternative name that it asks for, in order. */
  readonly subjectAltNames: readonly SubjectAltName[];
  readonly publicKey: KeyObject;
  readonly signed: SignedBytes;
}

/** A DER request as Linkerd's proxies send it: common name and the one DNS name are the identity. */
export function createCertificateRequest(identity: string, privateKey: KeyObject): Buffer {
  const names = createExtension(createSubjectAltNames([{ kind: 'dns', value: identity }], true));
  const attribute = createSequence(createOid(OID.extensionRequest), createSet(createSequence(names)));
  const info = createSequence(
    createInteger(Buffer.from([0])),
    createDistinguishedName(identity),
    exportSpki(privateKey),
    createContext(0, [attribute]),
  );
  const signature = createSignature(encodeDer(info), privateKey);
  return encodeDer(createSequence(info, createSignatureAlgorithm(privateKey), createBitString(signature)));
}

/** Reads a DER request; its signature is not checked here. Throws PKI_CSR_UNREADABLE. */
export function parseCertificateRequest(der: Uint8Array): CertificateRequest {
  return translateReadErrors(
    'PKI_CSR_UNREADABLE',
    (detail) => `The certificate signing request is not readable as DER PKCS#10: ${detail}.`,
    () => readRequest(Buffer.from(der)),
  );
}

/** Whether the request is signed by the key that it asks a certificate for, in a way that the mesh accepts. */
export function verifyCertificateRequest(request: CertificateRequest): boolean {
  return verifySignature(request.signed, request.publicKey) === 'good';
}

function readRequest(der: Buffer): CertificateRequest {
  const [info, algorithm, signature] = readSequence(readDer(der), 'the request');
  const [, subject, spki, ...optional] = readSequence(info, 'the request');
  if (spki === undefined) throw new Error('the public key is missing');
  return {
    der,
    subject: readDistinguishedName(subject),
    subjectAltNames: readRequestedNames(optional.find((part) => isContext(part, 0))),
    publicKey: createPublicKey({ key: encodeDer(spki), format: 'der', type: 'spki' }),
    signed: readSignedBytes(der, algorithm, signature),
  };
}

function readRequestedNames(attributes: Der | undefined): readonly SubjectAltName[] {
  if (attributes === undefined) return [];
  return readChildren(attributes, 'the attributes')
    .map((attribute) => readSequence(attribute, 'an attribute'))
    .filter(([oid]) => readOid(oid) === OID.extensionRequest)
    .flatMap(([, values]) => readChildren(values, 'the requested extensions').flatMap(readExtensions))
    .filter((extension) => extension.oid === OID.subjectAltName)
    .flatMap((extension) => readSubjectAltNames(extension.value));
}
