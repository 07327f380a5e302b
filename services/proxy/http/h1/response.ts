import { FIELD_KIND } from '../field.ts';
import { ResponseHead, UNKNOWN_LENGTH, VERSION, type Version } from '../head.ts';
import { isAll, LF, SPACE, VALUE } from './grammar.ts';
import { HeadFields } from './head-fields.ts';
import { REFUSAL, type Refusal } from './refusal.ts';

/** A response head and what only its connection needs to know. */
export class ResponseMessage {
  readonly head: ResponseHead;
  readonly chunked: boolean;
  readonly keepAlive: boolean;

  constructor(head: ResponseHead, scan: HeadFields) {
    this.head = head;
    this.chunked = scan.chunked;
    this.keepAlive = head.version === VERSION.http11 ? !scan.close : scan.keepAlive && !scan.close;
  }
}

const scan = new HeadFields();
const line = { status: 0, version: VERSION.http11 as Version, end: 0 };

/** Parses a whole head: `text` ends with the first empty line (RFC 9112). As strict as for requests. */
export function parseResponse(text: string, repeated: boolean): ResponseMessage | Refusal {
  const refusal = readStatusLine(text) ?? scan.read(text, line.end);
  if (refusal !== undefined) return refusal;
  if (scan.chunked && line.version === VERSION.http10) return REFUSAL.encodingVersion;
  if (isBodiless(line.status)) dropLength();
  const head = new ResponseHead({
    status: line.status,
    version: line.version,
    fields: scan.fields,
    bodyLength: isBodiless(line.status) ? 0 : scan.length,
    upgrade: line.status === 101 ? scan.upgrade : '',
    repeated,
  });
  return new ResponseMessage(head, scan);
}

/** 1xx and 204: never a body, and no content-length either (RFC 9110 section 8.6). */
function isBodiless(status: number): boolean {
  return status === 204 || status < 200;
}

function dropLength(): void {
  if (scan.length === UNKNOWN_LENGTH) return;
  scan.fields = scan.fields.filter((field) => field.kind !== FIELD_KIND.contentLength);
}

/** Checks the first line of a head that has not come whole. */
export function refuseResponseStart(text: string): Refusal | undefined {
  return readStatusLine(text);
}

/** RFC 9112 section 4: version SP status [SP reason] CRLF; the space before no reason is often left out. */
function readStatusLine(text: string): Refusal | undefined {
  const end = text.indexOf('\r');
  if (end < 12 || text.charCodeAt(end + 1) !== LF || text.charCodeAt(8) !== SPACE) return REFUSAL.statusLine;
  const version = text.slice(0, 8);
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return REFUSAL.version;
  const status = readStatus(text);
  if (status < 100 || (end > 12 && text.charCodeAt(12) !== SPACE)) return REFUSAL.statusLine;
  if (!isAll(VALUE, text, [12, end])) return REFUSAL.statusLine;
  line.status = status;
  line.version = version === 'HTTP/1.1' ? VERSION.http11 : VERSION.http10;
  line.end = end + 2;
  return undefined;
}

function readStatus(text: string): number {
  let status = 0;
  for (let i = 9; i < 12; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status;
}
