import { FIELD_KIND, type Field } from '../field.ts';
import { type RequestHead, type ResponseHead, VERSION } from '../head.ts';
import { mayTrail } from './field-line.ts';
import { HOST, isAll, TARGET, TOKEN } from './grammar.ts';
import { statusLine } from './status.ts';

/** What follows the lines kept in `h1Text`. */
export const HEAD_END = '\r\n';
export const CHUNKED_LINE = 'transfer-encoding: chunked\r\n';
export const NO_CONTENT_LINE = 'content-length: 0\r\n';
export const CLOSE_LINE = 'connection: close\r\n';
export const KEEP_ALIVE_LINE = 'connection: keep-alive\r\n';
export const LAST_CHUNK = '0\r\n\r\n';

function joinLines(start: string, fields: readonly Field[]): string {
  let text = start;
  for (const field of fields) text += field.line;
  return text;
}

/**
 * The request line, Host and the head's own fields, without the empty line; kept on heads that repeat. A request of
 * an HTTP/1.0 client goes on as one.
 */
export function renderRequest(head: RequestHead): string {
  if (head.h1Text !== undefined) return head.h1Text;
  const version = head.version === VERSION.http10 ? 'HTTP/1.0' : 'HTTP/1.1';
  let start = `${head.method} ${targetOf(head)} ${version}\r\n`;
  if (head.authority !== '') start += `host: ${head.authority}\r\n`;
  else if (head.version !== VERSION.http10) start += 'host:\r\n';
  start += hopLines(head);
  const text = joinLines(start, head.fields);
  if (head.repeated) head.h1Text = text;
  return text;
}

/**
 * Whether the parts of a request line may be written into one: what came by HTTP/2 was never held to the rules of
 * HTTP/1.1, and a space or line end in it would begin another request. Rendered heads have passed.
 */
export function isSafeRequest(head: RequestHead): boolean {
  if (head.h1Text !== undefined) return true;
  const { method, path, authority } = head;
  return (
    method !== '' &&
    isAll(TOKEN, method, [0, method.length]) &&
    isAll(TARGET, path, [0, path.length]) &&
    (path !== '' || method === 'CONNECT') &&
    isAll(HOST, authority, [0, authority.length])
  );
}

/** Who sends TE or Upgrade names it in Connection (RFC 9110 sections 7.8 and 10.1.4). */
function hopLines({ fields, upgrade }: RequestHead): string {
  const te = fields.some(isTe) ? 'te' : '';
  if (upgrade === '') return te === '' ? '' : 'connection: te\r\n';
  return `connection: ${te === '' ? '' : 'te, '}upgrade\r\nupgrade: ${upgrade}\r\n`;
}

/** The head of a response that opens a tunnel, whole: it neither has a body nor says anything of the connection. */
export function renderTunnel(head: ResponseHead): string {
  const fields = head.fields.filter(({ kind }) => kind !== FIELD_KIND.contentLength);
  const upgrade = head.upgrade === '' ? '' : `upgrade: ${head.upgrade}\r\n`;
  const start =
    head.status === 101 ? `${statusLine(101)}connection: upgrade\r\n${upgrade}` : statusLine(head.status);
  return joinLines(start, fields) + HEAD_END;
}

function isTe(field: Field): boolean {
  return field.kind === FIELD_KIND.te;
}

function targetOf(head: RequestHead): string {
  if (head.method === 'CONNECT') return head.authority;
  if (!head.absoluteForm) return head.path;
  return `${head.scheme}://${head.authority}${head.path === '*' ? '' : head.path}`;
}

/** The status line for HTTP/1.1 and the head's own fields, without the empty line; kept on heads that repeat. */
export function renderResponse(head: ResponseHead): string {
  if (head.h1Text !== undefined) return head.h1Text;
  const text = joinLines(statusLine(head.status), head.fields);
  if (head.repeated) head.h1Text = text;
  return text;
}

/** The same for an HTTP/1.0 client. */
export function renderOldResponse(head: ResponseHead): string {
  return `HTTP/1.0${renderResponse(head).slice(8)}`;
}

/** The end of a chunked body, with the fields that may stand there. */
export function renderTrailers(fields: readonly Field[]): string {
  let text = '0\r\n';
  for (const field of fields) if (mayTrail(field)) text += field.line;
  return `${text}\r\n`;
}

export function hasDate(fields: readonly Field[]): boolean {
  for (const field of fields) if (field.kind === FIELD_KIND.date) return true;
  return false;
}
