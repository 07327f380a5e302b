/** What YAML 1.1, which Kubernetes and Helm read, takes for something else than text. */
const NOT_TEXT = /^(true|false|yes|no|on|off|y|n|null|nan|inf)$/i;
/** Begins with a letter or a slash and holds nothing that YAML gives a meaning to. */
const PLAIN = /^[A-Za-z/](?:[\w./()@%+=-]|[ ,](?=[\w./])|:(?=[\w./]))*$/;
/** May stand in a literal block as it is. */
const BLOCK = /^[^\s#-][^\p{Cc}\u2028\u2029\u0085\ufeff]*$/u;

/** A text as one line of YAML that is read back as that text. */
export function printText(text: string): string {
  return PLAIN.test(text) && !NOT_TEXT.test(text) ? text : JSON.stringify(text);
}

export function printScalar(value: string | number | boolean | null): string {
  return typeof value === 'string' ? printText(value) : JSON.stringify(value);
}

/** The lines of a text of several lines that can be printed as a literal block (`|`), with the block's sign. */
export function toBlock(
  text: string,
): { readonly sign: string; readonly lines: readonly string[] } | undefined {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  const lines = body.split('\n');
  if (lines.length < 2 || lines.at(-1) === '' || !BLOCK.test(lines[0] ?? '')) return undefined;
  if (!lines.every((line) => line === '' || /^[^\p{Cc}\u2028\u2029\u0085\ufeff]*[^\s]$/u.test(line)))
    return undefined;
  return { sign: text.endsWith('\n') ? '|' : '|-', lines };
}
