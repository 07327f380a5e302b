/** Character classes of HTTP/1.1 by Latin-1 code. Sources: RFC 9110 section 5, RFC 9112 sections 2 to 5. */

/** `tchar`: methods, field names, connection options. */
export const TOKEN = 1;
/** What a field value may hold: HTAB, SP, visible ASCII, obs-text. */
export const VALUE = 2;
/** What a request target may hold: visible ASCII but `#`, and obs-text (which many clients send unescaped). */
export const TARGET = 4;
/** `host[:port]`: unreserved, sub-delims but the comma, percent, colon, brackets. */
export const HOST = 8;

export const CHARS: Uint8Array = buildChars();

function buildChars(): Uint8Array {
  const chars = new Uint8Array(256);
  const mark = (text: string, flag: number) => {
    for (let i = 0; i < text.length; i++) chars[text.charCodeAt(i)]! |= flag;
  };
  const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  mark(`${alphanumeric}!#$%&'*+-.^_\`|~`, TOKEN);
  mark(`${alphanumeric}-._~!$&'()*+;=%:[]`, HOST);
  for (let code = 0x21; code < 256; code++) {
    if (code === 0x7f) continue;
    chars[code]! |= code === 0x23 ? VALUE : VALUE | TARGET;
  }
  mark('\t ', VALUE);
  return chars;
}

/** True if every character of `text` from `start` to `end` (exclusive) is of the class. */
export function isAll(flag: number, text: string, [start, end]: readonly [number, number]): boolean {
  for (let i = start; i < end; i++) if ((CHARS[text.charCodeAt(i)]! & flag) === 0) return false;
  return true;
}

export const CR = 13;
export const LF = 10;
export const SPACE = 32;
export const TAB = 9;
export const COLON = 58;
