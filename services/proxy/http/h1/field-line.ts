import { FIELD_KIND, Field } from '../field.ts';
import { CHARS, COLON, SPACE, TAB, TOKEN, VALUE } from './grammar.ts';
import { REFUSAL, type Refusal } from './refusal.ts';
import { ownText, TextMemory } from './text-memory.ts';

/** Lines of all connections: most repeat, whatever the heads around them do. About 1 MB when full of 256 bytes. */
const LINES = new TextMemory<Field>({ slots: 2048, longestText: 2048, early: false });
const NAMES = new TextMemory<string>({ slots: 256, longestText: 128, early: false });

/** The field of the line `text.slice(start, end)` (without its CRLF), from memory or parsed. */
export function readFieldLine(text: string, start: number, end: number): Field | Refusal {
  const known = LINES.find(text, start, end);
  if (known !== undefined) {
    known.sightings++;
    return known;
  }
  if (!LINES.wasSeen(text, start, end)) return parseFieldLine(text, start, end);
  const line = ownText(text, start, end);
  const field = parseFieldLine(line, 0, line.length);
  if (field instanceof Field) LINES.keep(line, field);
  return field;
}

/** RFC 9112 section 5: no space before the colon, no folding, no control characters. */
function parseFieldLine(text: string, start: number, end: number): Field | Refusal {
  let colon = start;
  while (colon < end && (CHARS[text.charCodeAt(colon)]! & TOKEN) !== 0) colon++;
  if (colon === start || colon === end || text.charCodeAt(colon) !== COLON) return refuseName(text, start);
  let from = colon + 1;
  while (from < end && isBlank(text.charCodeAt(from))) from++;
  let to = end;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  for (let i = from; i < to; i++) {
    if ((CHARS[text.charCodeAt(i)]! & VALUE) === 0) return REFUSAL.fieldValue;
  }
  return new Field(readName(text, start, colon), text.slice(from, to));
}

function refuseName(text: string, start: number): Refusal {
  return isBlank(text.charCodeAt(start)) ? REFUSAL.folded : REFUSAL.fieldName;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function readName(text: string, start: number, end: number): string {
  const known = NAMES.find(text, start, end);
  if (known !== undefined) return known;
  const raw = ownText(text, start, end);
  const name = raw.toLowerCase();
  if (!NAMES.wasSeen(raw, 0, raw.length)) return name;
  const kept = internalize(name);
  NAMES.keep(raw, kept);
  return kept;
}

/** The engine's own copy of a string, as property names are: looking it up in an object needs no hashing. */
function internalize(name: string): string {
  return Object.keys({ [name]: true })[0] ?? name;
}

/**
 * The fields of a trailer section (`text` is whole lines, each with its CRLF), without those that may not be there:
 * what frames, routes or belongs to one hop (RFC 9110 section 6.5.1).
 */
export function readTrailerLines(text: string): readonly Field[] | Refusal {
  const fields: Field[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\r', at);
    if (end < 0 || text.charCodeAt(end + 1) !== 10) return REFUSAL.trailers;
    const field = readFieldLine(text, at, end);
    if (!(field instanceof Field)) return field;
    if (mayTrail(field)) fields.push(field);
    at = end + 2;
  }
  return fields;
}

const NEVER_TRAILS: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'trailer',
]);

/** Whether a field may stand in a trailer section. */
export function mayTrail(field: Field): boolean {
  return field.kind === FIELD_KIND.plain && !NEVER_TRAILS.has(field.name);
}
