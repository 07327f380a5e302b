/** Bodies up to this size cannot hold enough values to matter. */
const SMALL_BYTES = 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/**
 * Whether a JSON text has more than so many values. A few megabytes of `[[],[],…` become a hundred times as much
 * memory when they are parsed, while a real object of that size is mostly text.
 */
export function hasMoreValuesThan(body: Buffer, maxValues: number): boolean {
  if (body.length <= SMALL_BYTES) return false;
  let values = 0;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (byte === QUOTE) index = endOfString(body, index);
    else if (byte === COMMA || byte === OPEN_BRACKET || byte === OPEN_BRACE) values++;
    if (values > maxValues) return true;
  }
  return false;
}

/** The index of the closing quote, or the end of the text. */
function endOfString(body: Buffer, start: number): number {
  let end = body.indexOf(QUOTE, start + 1);
  while (end !== -1 && isEscaped(body, end)) end = body.indexOf(QUOTE, end + 1);
  return end === -1 ? body.length : end;
}

function isEscaped(body: Buffer, quote: number): boolean {
  let backslashes = 0;
  while (body[quote - 1 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
