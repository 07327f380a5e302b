import { FIELD_KIND, type Field } from '../field.ts';
import { RequestHead, VERSION } from '../head.ts';
import { takeRegularFields } from './head-fields.ts';

interface Target {
  method: string | undefined;
  scheme: string | undefined;
  authority: string | undefined;
  path: string | undefined;
}

const AUTHORITY = /^[^\s/?#@\\]+$/;

/** How the bytes came: `end` for a request without a body, `repeated` for one that a memory will keep. */
export interface BuildOptions {
  readonly end: boolean;
  readonly repeated: boolean;
}

/**
 * The head of a request from a decoded field list (RFC 9113 section 8.3.1), normalised as RequestHead says.
 * Undefined for a malformed one. Extended CONNECT is not offered, so `:protocol` is unknown.
 */
export function buildRequest(
  list: readonly Field[],
  count: number,
  options: BuildOptions,
): RequestHead | undefined {
  const target: Target = { method: undefined, scheme: undefined, authority: undefined, path: undefined };
  let at = 0;
  for (; at < count && list[at]!.kind === FIELD_KIND.pseudo; at++) {
    if (!takePseudo(list[at]!, target)) return undefined;
  }
  const regular = takeRegularFields(list, at, count);
  if (regular === undefined || !isWholeTarget(target)) return undefined;
  if (options.end && regular.contentLength > 0) return undefined;
  const authority = target.authority || regular.host;
  if (authority !== target.authority && authority !== '' && !AUTHORITY.test(authority)) return undefined;
  return new RequestHead({
    method: target.method ?? '',
    scheme: target.scheme ?? '',
    authority,
    path: target.path ?? '',
    version: VERSION.http2,
    fields: regular.fields,
    bodyLength: options.end ? 0 : regular.contentLength,
    absoluteForm: false,
    upgrade: '',
    repeated: options.repeated,
  });
}

function takePseudo(field: Field, target: Target): boolean {
  switch (field.name) {
    case ':method':
      if (target.method !== undefined) return false;
      target.method = field.value;
      return true;
    case ':scheme':
      if (target.scheme !== undefined) return false;
      target.scheme = field.value;
      return true;
    case ':authority':
      if (target.authority !== undefined) return false;
      target.authority = field.value;
      return true;
    case ':path':
      if (target.path !== undefined) return false;
      target.path = field.value;
      return true;
    default:
      return false;
  }
}

function isWholeTarget({ method, scheme, authority, path }: Target): boolean {
  if (method === undefined || method === '') return false;
  if (method === 'CONNECT') return authority !== undefined && scheme === undefined && path === undefined;
  if (scheme === undefined || scheme === '' || path === undefined) return false;
  return path.charCodeAt(0) === 47 || (path === '*' && method === 'OPTIONS');
}
