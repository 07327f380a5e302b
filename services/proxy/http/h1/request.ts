import { RequestHead, UNKNOWN_LENGTH, VERSION, type Version } from '../head.ts';
import { CHARS, HOST, isAll, LF, SPACE, TARGET, TOKEN } from './grammar.ts';
import { HeadFields } from './head-fields.ts';
import { REFUSAL, type Refusal } from './refusal.ts';

/** A request head and what only its connection needs to know. */
export class RequestMessage {
  readonly head: RequestHead;
  readonly chunked: boolean;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
  readonly acceptsTrailers: boolean;

  constructor(head: RequestHead, scan: HeadFields) {
    this.head = head;
    this.chunked = scan.chunked;
    this.keepAlive = head.version === VERSION.http11 ? !scan.close : scan.keepAlive && !scan.close;
    this.expectsContinue = head.version === VERSION.http11 && scan.expectsContinue && head.bodyLength !== 0;
    this.acceptsTrailers = head.version === VERSION.http11 && scan.acceptsTrailers;
  }
}

export interface RequestContext {
  /** The scheme of requests that name none: `http`. */
  readonly scheme: string;
  readonly repeated: boolean;
}

const scan = new HeadFields();
const line = { method: '', target: '', version: VERSION.http11 as Version, end: 0 };
const place = { scheme: '', authority: '', path: '', absolute: false };

/**
 * Parses a whole head: `text` ends with the first empty line (RFC 9112). Strict: what two implementations could
 * read in two ways is refused.
 */
export function parseRequest(text: string, context: RequestContext): RequestMessage | Refusal {
  const refusal = readRequestLine(text) ?? scan.read(text, line.end) ?? locate(context.scheme);
  if (refusal !== undefined) return refusal;
  if (scan.chunked && line.version === VERSION.http10) return REFUSAL.encodingVersion;
  const isConnect = line.method === 'CONNECT';
  if (isConnect && (scan.chunked || scan.length > 0)) return REFUSAL.connectBody;
  const head = new RequestHead({
    method: line.method,
    scheme: place.scheme,
    authority: place.authority,
    path: place.path,
    version: line.version,
    fields: scan.fields,
    bodyLength: scan.chunked ? UNKNOWN_LENGTH : Math.max(scan.length, 0),
    absoluteForm: place.absolute,
    upgrade: scan.upgrades && line.version === VERSION.http11 ? scan.upgrade : '',
    repeated: context.repeated,
  });
  return new RequestMessage(head, scan);
}

/** Checks the first line of a head that has not come whole, so that what is no HTTP is not waited for. */
export function refuseRequestStart(text: string): Refusal | undefined {
  return readRequestLine(text);
}

/** RFC 9112 section 3: method SP target SP version CRLF, single spaces. */
function readRequestLine(text: string): Refusal | undefined {
  const end = text.indexOf('\r');
  const space = text.indexOf(' ');
  const version = end - 8;
  if (space <= 0 || space >= version - 1 || text.charCodeAt(version - 1) !== SPACE)
    return REFUSAL.requestLine;
  if (text.charCodeAt(end + 1) !== LF) return REFUSAL.requestLine;
  const number = readVersion(text, version);
  if (number === undefined) return REFUSAL.version;
  if (!isAll(TOKEN, text, [0, space])) return REFUSAL.requestLine;
  for (let i = space + 1; i < version - 1; i++) {
    if ((CHARS[text.charCodeAt(i)]! & TARGET) === 0) return REFUSAL.target;
  }
  line.method = readMethod(text, space);
  line.target = text.slice(space + 1, version - 1);
  line.version = number;
  line.end = end + 2;
  return undefined;
}

function readVersion(text: string, at: number): Version | undefined {
  const version = text.slice(at, at + 8);
  if (version === 'HTTP/1.1') return VERSION.http11;
  if (version === 'HTTP/1.0') return VERSION.http10;
  return undefined;
}

/** The common methods are returned as constants: comparing them later is comparing identities. */
function readMethod(text: string, end: number): string {
  const method = text.slice(0, end);
  switch (method) {
    case 'GET':
      return 'GET';
    case 'POST':
      return 'POST';
    case 'PUT':
      return 'PUT';
    case 'HEAD':
      return 'HEAD';
    case 'DELETE':
      return 'DELETE';
    case 'PATCH':
      return 'PATCH';
    case 'OPTIONS':
      return 'OPTIONS';
    case 'CONNECT':
      return 'CONNECT';
    default:
      return method;
  }
}

/** RFC 9112 section 3.2: the four forms of a target, each with the methods that may use it. */
function locate(scheme: string): Refusal | undefined {
  const { method, target } = line;
  place.scheme = scheme;
  place.absolute = false;
  if (method === 'CONNECT') return locateTunnel(target);
  const host = scan.host ?? '';
  if (!isAuthority(host)) return REFUSAL.host;
  place.authority = host;
  place.path = target;
  if (target.charCodeAt(0) === 47) return undefined;
  if (target === '*') return method === 'OPTIONS' ? undefined : REFUSAL.targetForm;
  return locateAbsolute(target);
}

/** Authority form: facts sheet proxy-wire, section 6.3; the Host field beside it is ignored. */
function locateTunnel(target: string): Refusal | undefined {
  if (line.version !== VERSION.http11 || !isAuthority(target) || !/:[0-9]{1,5}$/.test(target)) {
    return REFUSAL.targetForm;
  }
  if (scan.host !== undefined && !isAuthority(scan.host)) return REFUSAL.host;
  place.authority = target;
  place.path = '';
  return undefined;
}

const ABSOLUTE = /^(https?):\/\/([^/?]+)(.*)$/is;

/** The authority of an absolute target outweighs the Host field (RFC 9112 section 3.2.2). */
function locateAbsolute(target: string): Refusal | undefined {
  const match = ABSOLUTE.exec(target);
  const authority = match?.[2] ?? '';
  if (match === null || !isAuthority(authority)) return REFUSAL.targetForm;
  const rest = match[3] ?? '';
  place.scheme = (match[1] ?? '').toLowerCase();
  place.authority = authority;
  place.absolute = true;
  if (rest === '') place.path = line.method === 'OPTIONS' ? '*' : '/';
  else place.path = rest.startsWith('?') ? `/${rest}` : rest;
  return undefined;
}

const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[^:[\]]*)(?::[0-9]{0,5})?$/i;
let lastAuthority = '';

/** `host[:port]` without user information; an empty one stands for none. */
function isAuthority(text: string): boolean {
  if (text === lastAuthority) return true;
  if (!isAll(HOST, text, [0, text.length]) || !AUTHORITY.test(text)) return false;
  lastAuthority = text;
  return true;
}
