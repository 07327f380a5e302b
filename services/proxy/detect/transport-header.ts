import { create, fromBinary, toBinary, transport } from '#lib/api';
import { TRANSPORT_ALPN } from '../contract.ts';
import { isDnsName } from './client-hello.ts';

/** What the peer's proxy says before the bytes of a connection. Source: facts sheet proxy-wire, section 4. */
export interface TransportHeader {
  /** 1 to 65535: the port the client meant. */
  readonly port: number;
  /** The name the client meant, for gateways; empty for none. */
  readonly name: string;
  /** What is spoken behind it; `none` for bytes that nobody looks into. */
  readonly sessionProtocol: SessionProtocol;
  /** How many bytes the header took: those of the connection follow. */
  readonly bytes: number;
}

export type SessionProtocol = 'none' | 'http1' | 'http2';

const PREFACE = Buffer.from(`${TRANSPORT_ALPN}\r\n\r\n`);
const LENGTH_BYTES = 4;

/** Preface, length and header together must fit. */
const MAX_TRANSPORT_HEADER_BYTES = 65_536;

/** Preface, length (32 bits, big-endian) and protobuf. */
export function encodeTransportHeader(header: Omit<TransportHeader, 'bytes'>): Buffer {
  const message = create(transport.HeaderSchema, { port: header.port, name: header.name });
  if (header.sessionProtocol !== 'none') {
    message.sessionProtocol = create(transport.SessionProtocolSchema, {
      kind: { case: header.sessionProtocol, value: {} },
    });
  }
  const body = toBinary(transport.HeaderSchema, message);
  const encoded = Buffer.alloc(PREFACE.length + LENGTH_BYTES + body.length);
  PREFACE.copy(encoded);
  encoded.writeUInt32BE(body.length, PREFACE.length);
  encoded.set(body, PREFACE.length + LENGTH_BYTES);
  return encoded;
}

/**
 * Reads the header off the first bytes of a connection whose ALPN promised one. Undefined while it is not whole; the
 * text says what is wrong with it.
 */
export function readTransportHeader(bytes: Buffer): TransportHeader | string | undefined {
  const common = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, common, 0, common) !== 0) return 'transport header preface expected';
  const start = PREFACE.length + LENGTH_BYTES;
  if (bytes.length < start) return undefined;
  const end = start + bytes.readUInt32BE(PREFACE.length);
  if (end > MAX_TRANSPORT_HEADER_BYTES) return 'transport header too long';
  if (bytes.length < end) return undefined;
  return checkMessage(readMessage(bytes.subarray(start, end)), end);
}

function checkMessage(message: transport.Header | undefined, bytes: number): TransportHeader | string {
  if (message === undefined) return 'transport header is no protobuf message';
  const { port, name, sessionProtocol } = message;
  if (port < 1 || port > 65_535) return `transport header names port ${port}`;
  if (name !== '' && !isDnsName(name)) return 'transport header names no DNS name';
  return { port, name, sessionProtocol: sessionProtocol?.kind.case ?? 'none', bytes };
}

function readMessage(body: Buffer): transport.Header | undefined {
  try {
    return fromBinary(transport.HeaderSchema, body);
  } catch {
    return undefined;
  }
}
