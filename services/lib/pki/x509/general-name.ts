import { isIPv4, isIPv6 } from 'node:net';
import {
  createContext,
  createSequence,
  type Der,
  encodeDer,
  readContent,
  readDer,
  readSequence,
} from './der.ts';

/** One subject alternative name. `other` are the kinds that no mesh identity has (RFC 5280, section 4.2.1.6). */
export interface SubjectAltName {
  readonly kind: 'dns' | 'uri' | 'email' | 'ip' | 'other';
  /** The name as text; an address in its usual notation; the type's number for `other`. */
  readonly value: string;
}

const KIND_BY_TAG: Readonly<Record<number, SubjectAltName['kind']>> = {
  1: 'email',
  2: 'dns',
  6: 'uri',
  7: 'ip',
};
const TAG_BY_KIND = { email: 1, dns: 2, uri: 6 } as const;

/** Reads the DER of a subjectAltName extension, in its order. */
export function readSubjectAltNames(value: Uint8Array): readonly SubjectAltName[] {
  const names = readSequence(readDer(value), 'the subject alternative names').map(readGeneralName);
  if (names.length === 0) throw new Error('the subject alternative names are empty');
  return names;
}

function readGeneralName(node: Der): SubjectAltName {
  const kind = KIND_BY_TAG[node.type];
  if (Number(node.tagClass) !== 0x80 || kind === undefined)
    return { kind: 'other', value: String(node.type) };
  const content = readContent(node, 'a subject alternative name');
  return { kind, value: kind === 'ip' ? formatIp(content) : readAscii(content) };
}

/** A name with a byte outside of printable ASCII could be taken for another one: it is refused. */
function readAscii(content: Buffer): string {
  if (content.some((byte) => byte < 0x20 || byte > 0x7e))
    throw new Error('a subject alternative name is not ASCII');
  return content.toString('latin1');
}

function formatIp(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16)
    throw new Error('an IP address among the subject alternative names has a wrong length');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // The URL parser writes the one canonical form of an IPv6 address (RFC 5952).
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

/** The DER of a subjectAltName extension with these names, in this order. */
export function encodeSubjectAltNames(names: readonly SubjectAltName[]): Buffer {
  return encodeDer(createSequence(...names.map(createGeneralName)));
}

function createGeneralName(name: SubjectAltName): Der {
  if (name.kind === 'ip') return createContext(7, parseIp(name.value));
  if (name.kind === 'other') throw new Error('this kind of subject alternative name cannot be written');
  return createContext(TAG_BY_KIND[name.kind], Buffer.from(name.value, 'latin1'));
}

function parseIp(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (!isIPv6(text)) throw new Error(`"${text}" is not an IP address`);
  return Buffer.from(expandIpv6(text));
}

function expandIpv6(text: string): number[] {
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
