import { createText, type Der, isUniversal, readContent, TAG } from './der.ts';

/** Reads a UTCTime or GeneralizedTime as RFC 5280, section 4.1.2.5 wants it: whole seconds, in UTC. */
export function readTimeMs(node: Der | undefined): number {
  const text = readContent(node, 'a time').toString('latin1');
  const match = isUniversal(node, TAG.utcTime)
    ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
    : undefined;
  const long = isUniversal(node, TAG.generalizedTime)
    ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
    : undefined;
  const fields = (match ?? long)?.slice(1).map(Number);
  if (fields === undefined) throw new Error(`"${text}" is not a time`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const fullYear = match ? (year < 50 ? 2000 + year : 1900 + year) : year;
  const timeMs =
    new Date(0).setUTCFullYear(fullYear, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000;
  if (new Date(timeMs).getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 59) {
    throw new Error(`"${text}" is not a time`);
  }
  return timeMs;
}

/** Writes a time in whole seconds, rounded down: UTCTime until 2049, GeneralizedTime from 2050 on. */
export function createTime(timeMs: number): Der {
  const digits = new Date(timeMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const isShort = new Date(timeMs).getUTCFullYear() < 2050;
  return createText(isShort ? TAG.utcTime : TAG.generalizedTime, isShort ? digits.slice(2) : digits);
}

/** A time as the sentences of this room write it: `2026-11-21T12:00:00Z`. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
