import type { asn1 as forge } from 'node-forge';
import asn1 from 'node-forge/lib/asn1.js';

/** A DER value. Only this folder sees it. */
export type Der = forge.Asn1;

export const TAG = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  oid: 6,
  utf8: 12,
  sequence: 16,
  set: 17,
  printable: 19,
  ia5: 22,
  utcTime: 23,
  generalizedTime: 24,
  bmp: 30,
} as const;

const UNIVERSAL = 0x00;
const CONTEXT = 0x80;

/** Reads exactly one DER value that fills `bytes`. Throws a plain Error; callers translate it. */
export function readDer(bytes: Uint8Array): Der {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options = { strict: true, parseAllBytes: true, decodeBitStrings: false };
  const node = asn1.fromDer(buffer.toString('latin1'), options);
  // node-forge reads BER, where one value has many encodings; a certificate has one (RFC 5280, section 4.1).
  if (!encodeDer(node).equals(buffer)) throw new Error('it is not encoded in DER');
  return node;
}

export function encodeDer(node: Der): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

/** The values inside a SEQUENCE. */
export function readSequence(node: Der | undefined, what: string): readonly Der[] {
  if (!isUniversal(node, TAG.sequence)) throw new Error(`${what} is not a DER sequence`);
  return readChildren(node, what);
}

/** The values inside any constructed value. */
export function readChildren(node: Der | undefined, what: string): readonly Der[] {
  if (node === undefined || !Array.isArray(node.value)) throw new Error(`${what} is not a DER structure`);
  return node.value;
}

/** The bytes inside a primitive value. */
export function readContent(node: Der | undefined, what: string): Buffer {
  if (node === undefined || typeof node.value !== 'string') throw new Error(`${what} is not a DER value`);
  // node-forge decodes BMPString into UTF-16 code units; every other type is one byte a character.
  return Buffer.from(node.value, 'latin1');
}

export function isUniversal(node: Der | undefined, tag: number): node is Der {
  return node !== undefined && Number(node.tagClass) === UNIVERSAL && Number(node.type) === tag;
}

export function isContext(node: Der | undefined, tag: number): node is Der {
  return node !== undefined && Number(node.tagClass) === CONTEXT && Number(node.type) === tag;
}

export function readOid(node: Der | undefined): string {
  if (!isUniversal(node, TAG.oid)) throw new Error('an object identifier is missing');
  const oid: string | undefined = asn1.derToOid(readContent(node, 'an object identifier').toString('latin1'));
  if (oid === undefined) throw new Error('an object identifier is empty');
  return oid;
}

export function readBoolean(node: Der): boolean {
  return readContent(node, 'a boolean')[0] !== 0;
}

/** A small non-negative integer, such as a version or a path length. */
export function readSmallInteger(node: Der | undefined, what: string): number {
  const bytes = readContent(node, what);
  if (bytes.length === 0 || bytes.length > 4 || (bytes[0] ?? 0) > 0x7f)
    throw new Error(`${what} is out of range`);
  return bytes.readUIntBE(0, bytes.length);
}

/** The bytes of a BIT STRING and how many bits of the last one don't count. */
export function readBitString(node: Der | undefined, what: string): { bytes: Buffer; unusedBits: number } {
  if (!isUniversal(node, TAG.bitString)) throw new Error(`${what} is not a bit string`);
  const content = readContent(node, what);
  const unusedBits = content[0];
  if (unusedBits === undefined || unusedBits > 7) throw new Error(`${what} is not a bit string`);
  return { bytes: content.subarray(1), unusedBits };
}

/** The exact bytes of the first value inside a constructed one: what a certificate's signature covers. */
export function sliceFirstChild(bytes: Uint8Array): Buffer {
  const outer = readHeader(bytes, 0);
  const inner = readHeader(bytes, outer.contentStart);
  return Buffer.from(bytes.subarray(outer.contentStart, inner.contentStart + inner.length));
}

function readHeader(bytes: Uint8Array, start: number): { contentStart: number; length: number } {
  const first = bytes[start + 1] ?? 0;
  if (first < 0x80) return { contentStart: start + 2, length: first };
  let length = 0;
  for (let index = 0; index < (first & 0x7f); index++)
    length = length * 256 + (bytes[start + 2 + index] ?? 0);
  return { contentStart: start + 2 + (first & 0x7f), length };
}

function createPrimitive(tag: number, content: Uint8Array): Der {
  return asn1.create(UNIVERSAL, tag, false, Buffer.from(content).toString('latin1'));
}

export function createSequence(...children: readonly Der[]): Der {
  return asn1.create(UNIVERSAL, TAG.sequence, true, [...children]);
}

export function createSet(...children: readonly Der[]): Der {
  return asn1.create(UNIVERSAL, TAG.set, true, [...children]);
}

export function createOid(oid: string): Der {
  return asn1.create(UNIVERSAL, TAG.oid, false, asn1.oidToDer(oid).getBytes());
}

/** `bytes` are a two's complement big-endian number, as short as possible. */
export function createInteger(bytes: Uint8Array): Der {
  return createPrimitive(TAG.integer, bytes);
}

export function createBoolean(value: boolean): Der {
  return createPrimitive(TAG.boolean, Buffer.from([value ? 0xff : 0x00]));
}

export function createNull(): Der {
  return createPrimitive(TAG.null, Buffer.alloc(0));
}

export function createOctetString(bytes: Uint8Array): Der {
  return createPrimitive(TAG.octetString, bytes);
}

export function createBitString(bytes: Uint8Array, unusedBits = 0): Der {
  return createPrimitive(TAG.bitString, Buffer.from([unusedBits, ...bytes]));
}

export function createText(tag: number, text: string): Der {
  return createPrimitive(tag, Buffer.from(text, 'utf8'));
}

/** A context-specific value: constructed around values, or primitive around bytes. */
export function createContext(tag: number, content: readonly Der[] | Uint8Array): Der {
  if (content instanceof Uint8Array) {
    return asn1.create(CONTEXT, tag, false, Buffer.from(content).toString('latin1'));
  }
  return asn1.create(CONTEXT, tag, true, [...content]);
}
