import { CHARS, CR, LF, SPACE, TARGET, TOKEN } from '../http/h1/grammar.ts';

export type HttpDetection = 'http1' | 'http2' | 'not-http';

/** Fewer bytes than this in the first read are never HTTP. */
const MIN_DETECT_BYTES = 14;
/** Nothing behind this many bytes is looked at. */
const MAX_DETECT_BYTES = 1024;

const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0');
const VERSION_START = Buffer.from('HTTP/1.');

/**
 * Decides on the bytes of one read (facts sheet proxy-wire, section 2.2): HTTP/2 by its preface, HTTP/1 where the
 * bytes are a request line or the beginning of one, whatever its method.
 */
export function detectHttp(bytes: Buffer): HttpDetection {
  if (bytes.length < MIN_DETECT_BYTES) return 'not-http';
  if (bytes.compare(HTTP2_PREFACE, 0, 14, 0, 14) === 0) return 'http2';
  return startsRequestLine(bytes, Math.min(bytes.length, MAX_DETECT_BYTES)) ? 'http1' : 'not-http';
}

/** Lenient where the codec is not (empty lines, a bare LF): it then answers 400, rather than passing the bytes on. */
function startsRequestLine(bytes: Buffer, end: number): boolean {
  let at = 0;
  while (at < end && (bytes[at] === LF || (bytes[at] === CR && (at + 1 === end || bytes[at + 1] === LF))))
    at++;
  const method = skip(TOKEN, bytes, { at, end });
  if (method === end) return true;
  if (method === at || bytes[method] !== SPACE) return false;
  const target = skip(TARGET, bytes, { at: method + 1, end });
  if (target === end) return true;
  if (target === method + 1 || bytes[target] !== SPACE) return false;
  return startsVersion(bytes, target + 1, end);
}

function skip(flag: number, bytes: Buffer, range: { at: number; end: number }): number {
  let at = range.at;
  while (at < range.end && (CHARS[bytes[at] ?? 0]! & flag) !== 0) at++;
  return at;
}

function startsVersion(bytes: Buffer, at: number, end: number): boolean {
  const length = Math.min(VERSION_START.length, end - at);
  if (bytes.compare(VERSION_START, 0, length, at, at + length) !== 0) return false;
  const minor = at + VERSION_START.length;
  if (minor >= end) return true;
  if (bytes[minor] !== 48 && bytes[minor] !== 49) return false;
  if (minor + 1 >= end || bytes[minor + 1] === LF) return true;
  return bytes[minor + 1] === CR && (minor + 2 >= end || bytes[minor + 2] === LF);
}
