import { create, fromBinary, toBinary, transport } from '#lib/api';
import { TRANSPORT_ALPN } from '../contract.ts';
import { isDnsName } from './client-hello.ts';

/** What the peer's proxy says before the bytes of a connection. Source: facts sheet proxy-wire, section 4. */
export interface TransportHeader {
  /** 1 to 65535: the port the client meant. */
  readonly port: number;
  /** The name the client meant, for gateways; empty for none. */
  readonly name: string;
  /** Undefined for opaque bytes. */
  readonly protocol: 'http1' | 'http2' | undefined;
}

const PREFACE = Buffer.from(`${TRANSPORT_ALPN}\r\n\r\n`);
const LENGTH_BYTES = 4;

/** Preface, length and header together must fit. */
export const MAX_TRANSPORT_HEADER_BYTES = 65_536;

/** Preface, length (32 bits, big-endian) and protobuf. */
export function encodeTransportHeader(header: TransportHeader): Buffer {
  const message = create(transport.HeaderSchema, { port: header.port, name: header.name });
  if (header.protocol !== undefined) {
    message.sessionProtocol = create(transport.SessionProtocolSchema, {
      kind: { case: header.protocol, value: {} },
    });
  }
  const body = toBinary(transport.HeaderSchema, message);
  const encoded = Buffer.alloc(PREFACE.length + LENGTH_BYTES + body.length);
  PREFACE.copy(encoded);
  encoded.writeUInt32BE(body.length, PREFACE.length);
  encoded.set(body, PREFACE.length + LENGTH_BYTES);
  return encoded;
}

export interface ParsedTransportHeader {
  readonly header: TransportHeader;
  /** Where the bytes of the connection begin. */
  readonly length: number;
}

/** Parses the first bytes of a connection whose ALPN promised a header. */
export function parseTransportHeader(bytes: Buffer): ParsedTransportHeader | 'incomplete' | 'invalid' {
  const common = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, common, 0, common) !== 0) return 'invalid';
  const start = PREFACE.length + LENGTH_BYTES;
  if (bytes.length < start) return 'incomplete';
  const end = start + bytes.readUInt32BE(PREFACE.length);
  if (end > MAX_TRANSPORT_HEADER_BYTES) return 'invalid';
  if (bytes.length < end) return 'incomplete';
  const header = decodeBody(bytes.subarray(start, end));
  return header === undefined ? 'invalid' : { header, length: end };
}

function decodeBody(body: Buffer): TransportHeader | undefined {
  const message = readMessage(body);
  if (message === undefined || message.port < 1 || message.port > 65_535) return undefined;
  if (message.name !== '' && !isDnsName(message.name)) return undefined;
  return { port: message.port, name: message.name, protocol: message.sessionProtocol?.kind.case };
}

function readMessage(body: Buffer): transport.Header | undefined {
  try {
    return fromBinary(transport.HeaderSchema, body);
  } catch {
    return undefined;
  }
}
