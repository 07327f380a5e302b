/** What the first bytes of a connection are: a TLS client's hello as far as we choose by it, something else, or part. */
export type ClientHello =
  | {
      readonly kind: 'tls';
      /** The first host name of server_name, lower case; undefined without one, or if it is no DNS name. */
      readonly sni: string | undefined;
      /** The protocols of ALPN, in the client's order. */
      readonly alpn: readonly string[];
    }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-tls' };

/** Longer hellos are taken for something else. Source: facts sheet proxy-wire, section 2.1. */
const MAX_HELLO_BYTES = 8192;

const RECORD_HANDSHAKE = 22;
const HANDSHAKE_CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const EXTENSION = { serverName: 0, alpn: 16 } as const;
const NAME_TYPE_HOST = 0;

const INCOMPLETE: ClientHello = { kind: 'incomplete' };
const NOT_TLS: ClientHello = { kind: 'not-tls' };

/**
 * Parses the first bytes of a connection as a ClientHello (RFC 8446 section 4.1.2) in one record. Says `incomplete`
 * while more bytes could make it one, `not-tls` as soon as they couldn't.
 */
export function parseClientHello(bytes: Buffer): ClientHello {
  if (!mayBeHello(bytes)) return NOT_TLS;
  if (bytes.length < RECORD_HEADER_BYTES + 4) return INCOMPLETE;
  const recordEnd = RECORD_HEADER_BYTES + bytes.readUInt16BE(3);
  const bodyLength = bytes.readUIntBE(RECORD_HEADER_BYTES + 1, 3);
  if (recordEnd > MAX_HELLO_BYTES || RECORD_HEADER_BYTES + 4 + bodyLength !== recordEnd) return NOT_TLS;
  if (bytes.length < recordEnd) return INCOMPLETE;
  return readHello(bytes.subarray(RECORD_HEADER_BYTES + 4, recordEnd));
}

/** Type, version 3.1 to 3.3 and handshake type, as far as they have come. */
function mayBeHello(bytes: Buffer): boolean {
  const [type = RECORD_HANDSHAKE, major = 3, minor = 1] = bytes;
  const handshake = bytes[RECORD_HEADER_BYTES] ?? HANDSHAKE_CLIENT_HELLO;
  return (
    type === RECORD_HANDSHAKE &&
    major === 3 &&
    minor >= 1 &&
    minor <= 3 &&
    handshake === HANDSHAKE_CLIENT_HELLO
  );
}

/** Reads vectors out of bytes; `ok` turns false for good where one does not fit. */
class VectorReader {
  readonly bytes: Buffer;
  at = 0;
  ok = true;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.ok ? this.bytes.length - this.at : 0;
  }

  number(size: 1 | 2): number {
    if (this.left < size) {
      this.ok = false;
      return 0;
    }
    const value = this.bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  skip(count: number): void {
    if (this.left < count) this.ok = false;
    else this.at += count;
  }

  vector(lengthSize: 1 | 2): Buffer {
    const length = this.number(lengthSize);
    const start = this.at;
    this.skip(length);
    return this.ok ? this.bytes.subarray(start, start + length) : this.bytes.subarray(0, 0);
  }
}

function readHello(body: Buffer): ClientHello {
  const reader = new VectorReader(body);
  reader.skip(2 + 32); // version, random
  reader.vector(1); // session id
  reader.vector(2); // cipher suites
  reader.vector(1); // compression methods
  if (!reader.ok) return NOT_TLS;
  if (reader.left === 0) return { kind: 'tls', sni: undefined, alpn: [] };
  const extensions = new VectorReader(reader.vector(2));
  if (!reader.ok || reader.left !== 0) return NOT_TLS;
  return readExtensions(extensions);
}

function readExtensions(reader: VectorReader): ClientHello {
  let sni: string | undefined;
  let alpn: readonly string[] = [];
  while (reader.left > 0) {
    const type = reader.number(2);
    const data = reader.vector(2);
    if (!reader.ok) return NOT_TLS;
    if (type === EXTENSION.serverName) sni = readServerName(data);
    else if (type === EXTENSION.alpn) alpn = readAlpn(data);
  }
  return reader.ok ? { kind: 'tls', sni, alpn } : NOT_TLS;
}

/** RFC 6066 section 3. */
function readServerName(data: Buffer): string | undefined {
  const names = new VectorReader(new VectorReader(data).vector(2));
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.vector(2).latin1Slice();
    if (names.ok && type === NAME_TYPE_HOST) return isDnsName(name) ? name.toLowerCase() : undefined;
  }
  return undefined;
}

/** RFC 7301 section 3.1. */
function readAlpn(data: Buffer): readonly string[] {
  const names = new VectorReader(new VectorReader(data).vector(2));
  const protocols: string[] = [];
  while (names.left > 0) {
    const name = names.vector(1).latin1Slice();
    if (names.ok) protocols.push(name);
  }
  return protocols;
}

const DNS_LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const DNS_NAME = new RegExp(`^(?=.{1,254}$)${DNS_LABEL}(?:\\.${DNS_LABEL})*\\.?$`, 'i');
const ALL_DIGITS_LABEL_LAST = /(?:^|\.)\d+\.?$/;

/** A DNS name, and not an IP address (whose last label is all digits). */
export function isDnsName(name: string): boolean {
  return DNS_NAME.test(name) && !ALL_DIGITS_LABEL_LAST.test(name);
}
