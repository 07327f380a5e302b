import { FIELD_KIND } from '../field.ts';
import { type RequestHead, UNKNOWN_LENGTH, VERSION } from '../head.ts';
import { isSafeRequest } from './render.ts';
import type { ResponseMessage } from './response.ts';

/** How a body that comes is framed: a number of bytes, or one of these (RFC 9112 section 6). */
export const FRAMING = { chunked: -1, untilClose: -2 } as const;
/** How a body that goes is framed: a number of bytes, or one of these. */
export const BODY = { ...FRAMING, none: -3 } as const;

/** Undefined where the head contradicts itself, or HTTP/1.0 would need chunks. */
export function frameRequest(head: RequestHead, bodiless: boolean): number | undefined {
  if (bodiless) return head.bodyLength > 0 ? undefined : 0;
  if (head.bodyLength !== UNKNOWN_LENGTH) return head.bodyLength;
  return head.version === VERSION.http10 ? undefined : BODY.chunked;
}

/** Whether HTTP/1 has a way to say this request. */
export function isWritable(head: RequestHead, bodiless: boolean): boolean {
  return frameRequest(head, bodiless) !== undefined && isSafeRequest(head);
}

/** Servers want a length with methods that usually have a body (RFC 9110 section 8.6). */
export function needsLength(head: RequestHead): boolean {
  const { method } = head;
  if (method !== 'POST' && method !== 'PUT' && method !== 'PATCH') return false;
  return !head.fields.some((field) => field.kind === FIELD_KIND.contentLength);
}

/** RFC 9112 section 6.3, for a response that opens no tunnel. */
export function frameResponse(method: string, { head, chunked }: ResponseMessage): number {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return 0;
  if (chunked) return FRAMING.chunked;
  return head.bodyLength === UNKNOWN_LENGTH ? FRAMING.untilClose : head.bodyLength;
}
