import { FIELD_KIND, Field } from '../field.ts';
import { UNKNOWN_LENGTH } from '../head.ts';

/** What the regular fields of a decoded block come to. */
export interface RegularFields {
  /** Without host; cookie pieces joined. */
  fields: Field[];
  /** The value of host, or empty. */
  host: string;
  /** The content-length, or UNKNOWN_LENGTH. */
  contentLength: number;
}

const ofHop = (1 << FIELD_KIND.transferEncoding) | (1 << FIELD_KIND.hop) | (1 << FIELD_KIND.upgrade);
/** Kinds that need a look; the others are taken as they are. */
const notable =
  ofHop |
  (1 << FIELD_KIND.pseudo) |
  (1 << FIELD_KIND.host) |
  (1 << FIELD_KIND.contentLength) |
  (1 << FIELD_KIND.te) |
  (1 << FIELD_KIND.cookie);

/**
 * Takes the regular fields of a list from `start` up to `count`. Undefined where one may not be there: a
 * pseudo-header field behind a regular one, a field of the connection, `te` other than trailers (RFC 9113
 * sections 8.2.2, 8.3), or content-lengths that are no number or differ.
 */
export function takeRegularFields(
  list: readonly Field[],
  start: number,
  count: number,
): RegularFields | undefined {
  const taken: RegularFields = { fields: [], host: '', contentLength: UNKNOWN_LENGTH };
  let cookie = -1;
  for (let i = start; i < count; i++) {
    const field = list[i]!;
    if (((1 << field.kind) & notable) === 0) {
      taken.fields.push(field);
    } else if (field.kind === FIELD_KIND.cookie) {
      if (cookie < 0) cookie = taken.fields.push(field) - 1;
      else taken.fields[cookie] = joinCookies(taken.fields[cookie]!, field);
    } else if (!takeNotable(field, taken)) {
      return undefined;
    }
  }
  return taken;
}

function takeNotable(field: Field, taken: RegularFields): boolean {
  switch (field.kind) {
    case FIELD_KIND.host:
      if (taken.host !== '' && taken.host !== field.value) return false;
      taken.host = field.value;
      return true;
    case FIELD_KIND.contentLength:
      return takeContentLength(field, taken);
    case FIELD_KIND.te:
      if (field.value.toLowerCase() !== 'trailers') return false;
      taken.fields.push(field);
      return true;
    default:
      return false;
  }
}

function takeContentLength(field: Field, taken: RegularFields): boolean {
  const length = parseContentLength(field.value);
  if (length < 0) return false;
  if (taken.contentLength !== UNKNOWN_LENGTH) return taken.contentLength === length;
  taken.contentLength = length;
  taken.fields.push(field);
  return true;
}

/** Digits only, at most 15 of them; -1 for anything else. */
function parseContentLength(text: string): number {
  if (text.length === 0 || text.length > 15) return -1;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

/** RFC 9113 section 8.2.3: HTTP/1.1 and applications know one cookie field only. */
function joinCookies(first: Field, second: Field): Field {
  const joined = new Field(first.name, `${first.value}; ${second.value}`);
  joined.sensitive = first.sensitive || second.sensitive;
  return joined;
}
