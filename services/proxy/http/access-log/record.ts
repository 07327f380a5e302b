import { fieldValue, type RequestHead, type ResponseHead, VERSION } from '../head.ts';

/** One request, as a line of the access log tells of it. Source: facts sheet proxy-tap, section 2. */
export interface AccessRecord {
  readonly clientAddress: string;
  /** The identity that the client proved; `-` for none. */
  readonly clientId: string;
  /** When the request was received: milliseconds since 1970, with fractions. */
  readonly receivedMs: number;
  readonly head: RequestHead;
  /** Undefined where the request came to nothing. */
  readonly response: ResponseHead | undefined;
  /** From the request's head to the response's. */
  readonly totalMs: number;
  /** What of that went by in the proxy's own code. */
  readonly processingMs: number;
}

const VERSION_TEXT = {
  [VERSION.http10]: 'HTTP/1.0',
  [VERSION.http11]: 'HTTP/1.1',
  [VERSION.http2]: 'HTTP/2.0',
} as const;

const TRACE_HEADERS = ['x-b3-traceid', 'x-request-id', 'x-amzn-trace-id'] as const;

/** `ADDR ID - [TIME] "METHOD URI VERSION" STATUS` */
export function formatApache(record: AccessRecord): string {
  const { head, response } = record;
  const request = `${head.method} ${formatUri(head)} ${VERSION_TEXT[head.version]}`.replaceAll(
    UNSAFE,
    escapeCharacter,
  );
  const time = formatTime(record.receivedMs);
  return `${record.clientAddress} ${record.clientId} - [${time}] "${request}" ${response?.status ?? ''}\n`;
}

/** Numbers of nanoseconds are texts, as upstream writes them. */
export function formatJson(record: AccessRecord): string {
  const { head, response } = record;
  const textOf = (name: string) => fieldValue(head.fields, name) ?? '';
  const trace = TRACE_HEADERS.find((name) => textOf(name) !== '');
  const line = {
    timestamp: formatTime(record.receivedMs),
    'client.addr': record.clientAddress,
    'client.id': record.clientId,
    method: head.method,
    uri: formatUri(head),
    version: VERSION_TEXT[head.version],
    trace_id: trace === undefined ? '' : textOf(trace),
    request_bytes: textOf('content-length'),
    user_agent: textOf('user-agent'),
    host: head.authority,
  };
  if (response === undefined) return `${JSON.stringify(line)}\n`;
  const outcome = {
    status: response.status,
    response_bytes: fieldValue(response.fields, 'content-length') ?? '',
    total_ns: formatNanoseconds(record.totalMs),
    processing_ns: formatNanoseconds(record.processingMs),
  };
  return `${JSON.stringify({ ...line, ...outcome })}\n`;
}

/** As it was on the wire: HTTP/2 always says scheme and authority. */
function formatUri({ version, absoluteForm, method, scheme, authority, path }: RequestHead): string {
  if (method === 'CONNECT') return authority;
  return version === VERSION.http2 || absoluteForm ? `${scheme}://${authority}${path}` : path;
}

function formatNanoseconds(ms: number): string {
  return String(Math.round(ms * 1_000_000));
}

let lastSecond = 0;
let lastSecondText = '';

/** RFC 3339 in UTC, to the microsecond; the text of a second is made once. */
function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = new Date(second * 1000).toISOString().slice(0, 19);
  }
  const micros = Math.floor((ms - second * 1000) * 1000);
  return `${lastSecondText}.${String(micros).padStart(6, '0')}Z`;
}

/** What would end the quoted text, or the line. */
const UNSAFE = /["\\]|[^\x20-\x7e]/g;

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
