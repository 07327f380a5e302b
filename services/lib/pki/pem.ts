import { createPkiError } from './errors.ts';

/** One `-----BEGIN …-----` block of a PEM text. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  readonly der: Buffer;
  /** Its place in the text, the first block and the first line being 1. */
  readonly index: number;
  readonly line: number;
  /** Lines such as `Proc-Type: 4,ENCRYPTED` stood before its content. */
  readonly hasHeaders: boolean;
}

const BEGIN = /^\s*-----BEGIN ([A-Z0-9 ]+?)-----\s*$/;
const END = /^\s*-----END ([A-Z0-9 ]+?)-----\s*$/;
const MARKER = /-----\s*(BEGIN|END)/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** As long as this is the line that openssl writes (RFC 7468, section 2). */
const LINE_LENGTH = 64;

/**
 * Reads every block of a PEM text. Text around the blocks, CRLF, a byte order mark, indentation and missing or
 * extra newlines are no trouble. Throws PKI_PEM_UNREADABLE, which says which block of `source` (a file or a value)
 * is wrong and how, and also when there is no block at all.
 */
export function parsePem(text: string, source: string): readonly PemBlock[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const label = BEGIN.exec(lines[at] ?? '')?.[1];
    if (label === undefined) {
      if (MARKER.test(lines[at] ?? ''))
        throw refuseBlock(source, blocks.length + 1, at + 1, describeStray(lines[at]));
      continue;
    }
    const end = findEnd(lines, at + 1);
    const place = { label, index: blocks.length + 1, line: at + 1 };
    blocks.push(
      readBlock(source, place, { body: lines.slice(at + 1, end), endLabel: END.exec(lines[end] ?? '')?.[1] }),
    );
    at = end;
  }
  if (blocks.length === 0) throw createPkiError('PKI_PEM_UNREADABLE', describeNoBlock(text, source));
  return blocks;
}

function findEnd(lines: readonly string[], start: number): number {
  let at = start;
  while (at < lines.length && !MARKER.test(lines[at] ?? '')) at++;
  return at;
}

function readBlock(
  source: string,
  place: { label: string; index: number; line: number },
  found: { body: readonly string[]; endLabel: string | undefined },
): PemBlock {
  const refuse = (what: string) => refuseBlock(source, place.index, place.line, what);
  if (found.endLabel === undefined) throw refuse(`its line "-----END ${place.label}-----" is missing`);
  if (found.endLabel !== place.label) {
    throw refuse(`it begins as ${place.label} and ends as ${found.endLabel}`);
  }
  const content = found.body.filter((line) => !line.includes(':'));
  const base64 = content.join('').replace(/\s+/g, '');
  if (base64 === '') throw refuse('it is empty');
  if (!BASE64.test(base64) || base64.replace(/=+$/, '').length % 4 === 1) {
    throw refuse('its content is not base64; copy the block again, whole');
  }
  const der = Buffer.from(base64, 'base64');
  return { ...place, der, hasHeaders: content.length < found.body.length };
}

function refuseBlock(source: string, index: number, line: number, what: string): Error {
  return createPkiError(
    'PKI_PEM_UNREADABLE',
    `${source}: PEM block ${index} (line ${line}) is unreadable: ${what}.`,
  );
}

function describeStray(line: string | undefined): string {
  const text = line?.trim() ?? '';
  if (END.test(text)) return `its line "${text.replace('END', 'BEGIN')}" is missing`;
  return `"${text.slice(0, 60)}" is not a line by itself; keep the line breaks of the PEM text`;
}

function describeNoBlock(text: string, source: string): string {
  if (text.trim() === '') return `${source} is empty; give it a PEM block ("-----BEGIN …").`;
  return `${source} holds no PEM block ("-----BEGIN …"); give it PEM text, neither DER nor base64 alone.`;
}

/** Writes one block, with lines of 64 characters and a newline at its end. */
export function formatPem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
