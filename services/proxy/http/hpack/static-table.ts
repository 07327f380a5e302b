import { Field } from '../field.ts';

/** RFC 7541 appendix A, in order; a name alone has an empty value. */
const ENTRIES = `:authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200
:status 204|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate
accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control
content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type
cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since
last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after
server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`;

function parseEntry(entry: string): Field {
  const space = entry.indexOf(' ');
  return space < 0 ? new Field(entry, '') : new Field(entry.slice(0, space), entry.slice(space + 1));
}

/** The static table; index 1 is at 1, so 0 is empty. */
export const STATIC_FIELDS: readonly (Field | undefined)[] = [
  undefined,
  ...ENTRIES.split(/[|\n]/).map(parseEntry),
];

/** The first dynamic index. */
export const FIRST_DYNAMIC_INDEX = STATIC_FIELDS.length;

/** What the static table says of a name: its first index, and the index of each value. */
export interface StaticName {
  readonly index: number;
  readonly values: ReadonlyMap<string, number>;
}

export const STATIC_NAMES: ReadonlyMap<string, StaticName> = indexByName();

function indexByName(): Map<string, StaticName> {
  const names = new Map<string, { index: number; values: Map<string, number> }>();
  STATIC_FIELDS.forEach((field, index) => {
    if (field === undefined) return;
    const known = names.get(field.name) ?? { index, values: new Map<string, number>() };
    known.values.set(field.value, index);
    names.set(field.name, known);
  });
  return names;
}
