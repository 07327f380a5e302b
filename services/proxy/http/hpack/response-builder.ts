import type { Field } from '../field.ts';
import { ResponseHead, UNKNOWN_LENGTH, VERSION } from '../head.ts';
import { takeRegularFields } from './head-fields.ts';
import type { BuildOptions } from './request-builder.ts';

/**
 * The head of a response from a decoded field list (RFC 9113 section 8.3.2), undefined for a malformed one. An
 * interim response (1xx) comes as a head too. Whether a content-length without a body is right (HEAD, 304) only
 * the stream knows: it stays in `bodyLength`.
 */
export function buildResponse(
  list: readonly Field[],
  count: number,
  options: BuildOptions,
): ResponseHead | undefined {
  const status = count > 0 ? parseStatus(list[0]!) : -1;
  if (status < 0) return undefined;
  const regular = takeRegularFields(list, 1, count);
  if (regular === undefined) return undefined;
  const { contentLength } = regular;
  return new ResponseHead({
    status,
    version: VERSION.http2,
    fields: regular.fields,
    bodyLength: options.end && contentLength === UNKNOWN_LENGTH ? 0 : contentLength,
    repeated: options.repeated,
  });
}

/** Three digits, the first not 0; 101 has no place in HTTP/2 (RFC 9113 section 8.6). */
function parseStatus(field: Field): number {
  if (field.name !== ':status' || field.value.length !== 3) return -1;
  const value = field.value;
  const status =
    (value.charCodeAt(0) - 48) * 100 + (value.charCodeAt(1) - 48) * 10 + value.charCodeAt(2) - 48;
  return status >= 100 && status !== 101 ? status : -1;
}
