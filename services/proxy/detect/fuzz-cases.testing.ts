/**
 * Generated first bytes of connections: hellos and transport headers made up field by field, and what must hold for any
 * bytes at all. Cases come from a seeded source and nothing else, so that their seed is their name: the unit suite runs
 * a fixed number, `make fuzz` runs them without end.
 */
import { type Random, seededRandom } from '#lib/base';
import { type ClientHello, isDnsName, parseClientHello } from './client-hello.ts';
import { encodeTransportHeader, readTransportHeader, type TransportHeader } from './transport-header.ts';

/** At how many places each input is cut. */
const CUTS = 6;
const EXTENSION_NAMES = 0;
const EXTENSION_ALPN = 16;
const PROTOCOLS = ['h2', 'http/1.1', 'transport.l5d.io/v1', 'x'];
const HOSTS = [
  'a',
  'web.shop.svc.cluster.local',
  'Web.Shop.',
  'x_1.example',
  `${'a'.repeat(63)}.example`,
  'default.shop.serviceaccount.identity.linkerd.cluster.local',
];

function pick(random: Random, count: number): number {
  return Math.floor(random() * count);
}

function pickOf<T>(random: Random, values: readonly T[]): T {
  return values[pick(random, values.length)]!;
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => pick(random, 256)));
}

/** A vector of TLS: its length in so many bytes, and what is in it. */
function vector(lengthBytes: 1 | 2 | 3, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(body.length, 0, lengthBytes);
  return Buffer.concat([length, body]);
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 255]), vector(2, data)]);
}

/** A whole hello, and what is in it. */
export interface GeneratedHello {
  readonly bytes: Buffer;
  readonly sni: string | undefined;
  readonly alpn: readonly string[];
}

/** A hello of RFC 8446 section 4.1.2, with extensions that nobody knows before, between and behind those we read. */
export function generateHello(random: Random): GeneratedHello {
  const host = pick(random, 3) === 0 ? undefined : pickOf(random, HOSTS);
  const alpn = Array.from({ length: pick(random, 4) }, () => pickOf(random, PROTOCOLS));
  const known: Buffer[] = [];
  if (host !== undefined) known.push(extension(EXTENSION_NAMES, nameList(host)));
  if (alpn.length > 0) known.push(extension(EXTENSION_ALPN, protocolList(alpn)));
  if (pick(random, 2) === 0) known.reverse();
  const extensions = [...known.flatMap((part) => [unknown(random), part]), unknown(random)];
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    randomBytes(random, 32),
    vector(1, randomBytes(random, pick(random, 33))),
    vector(2, randomBytes(random, 2 * pick(random, 20))),
    vector(1, Buffer.from([0])),
    vector(2, ...extensions),
  ]);
  const handshake = Buffer.concat([Buffer.from([1]), vector(3, body)]);
  const bytes = Buffer.concat([Buffer.from([22, 3, 1 + pick(random, 3)]), vector(2, handshake)]);
  return { bytes, sni: host?.toLowerCase(), alpn };
}

function nameList(host: string): Buffer {
  return vector(2, Buffer.from([0]), vector(2, Buffer.from(host)));
}

function protocolList(protocols: readonly string[]): Buffer {
  return vector(2, ...protocols.map((name) => vector(1, Buffer.from(name))));
}

/** None, or one of a type that means nothing to us; now and then as large as a hybrid key share. */
function unknown(random: Random): Buffer {
  if (pick(random, 2) === 0) return Buffer.alloc(0);
  const length = pick(random, 20) === 0 ? 1200 : pick(random, 12);
  return extension(17 + pick(random, 65_000), Buffer.alloc(length, pick(random, 256)));
}

/** Where an input is cut: the same for the same bytes. */
function listCuts(bytes: Buffer): readonly number[] {
  const random = seededRandom(bytes.length * 256 + (bytes.at(-1) ?? 0));
  return Array.from({ length: CUTS }, () => pick(random, bytes.length + 1));
}

/**
 * Throws where the parser breaks its word about any bytes: a verdict on the beginning of them holds for all of them, and
 * a name that it gives is a DNS name in lower case.
 */
export function checkHello(bytes: Buffer): ClientHello['kind'] {
  const whole = parseClientHello(bytes);
  for (const cut of listCuts(bytes)) {
    const part = parseClientHello(bytes.subarray(0, cut));
    if (part.kind !== 'incomplete') expectSame(part, whole, cut);
  }
  if (whole.kind === 'tls' && whole.sni !== undefined && !isLowerDnsName(whole.sni)) {
    throw new Error(`the server name ${JSON.stringify(whole.sni)}`);
  }
  return whole.kind;
}

function isLowerDnsName(name: string): boolean {
  return isDnsName(name) && name === name.toLowerCase();
}

function expectSame(part: unknown, whole: unknown, cut: number): void {
  const [first, second] = [JSON.stringify(part), JSON.stringify(whole)];
  if (first !== second) throw new Error(`cut at ${cut} it is ${first}, whole ${second}`);
}

/** A header as a peer writes it. */
export function generateTransportHeader(random: Random): Omit<TransportHeader, 'bytes'> {
  return {
    port: 1 + pick(random, 65_535),
    name: pick(random, 2) === 0 ? '' : pickOf(random, HOSTS),
    sessionProtocol: pickOf(random, ['none', 'http1', 'http2'] as const),
  };
}

/** What a reading came to: a header, a refusal, or neither yet. */
export type HeaderOutcome = 'header' | 'refused' | 'incomplete';

/**
 * Throws where the reader breaks its word about any bytes: a verdict on the beginning holds for all of them, and what it
 * takes is a header that can be written again.
 */
export function checkTransportHeader(bytes: Buffer): HeaderOutcome {
  const whole = readTransportHeader(bytes);
  for (const cut of listCuts(bytes)) {
    const part = readTransportHeader(bytes.subarray(0, cut));
    if (part !== undefined) expectSame(part, whole, cut);
  }
  if (whole === undefined) return 'incomplete';
  if (typeof whole === 'string') return 'refused';
  const again = readTransportHeader(encodeTransportHeader(whole));
  if (typeof again !== 'object') throw new Error(`${JSON.stringify(whole)} written again is ${again}`);
  expectSame({ ...again, bytes: whole.bytes }, whole, bytes.length);
  if (whole.bytes > bytes.length) throw new Error(`${whole.bytes} bytes out of ${bytes.length}`);
  return 'header';
}
