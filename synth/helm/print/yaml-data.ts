import { printScalar, printText, toBlock } from './yaml-scalar.ts';

/** Plain data as YAML, keys in their order. */
export function printYaml(map: Readonly<Record<string, unknown>>): string {
  return `${Object.entries(map)
    .flatMap(([key, value]) => printData(`${printText(key)}:`, value, ''))
    .join('\n')}\n`;
}

/** The lines of plain data after `head`, which is a key or the dash of a list. */
export function printData(head: string, value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    const inside = value.flatMap((item) => printItem(item, `${indent}  `));
    return inside.length === 0 ? [`${head} []`] : [head, ...inside];
  }
  if (typeof value === 'object' && value !== null) {
    const inside = Object.entries(value).flatMap(([key, item]) =>
      printData(`${indent}  ${printText(key)}:`, item, `${indent}  `),
    );
    return inside.length === 0 ? [`${head} {}`] : [head, ...inside];
  }
  return printLeaf(head, value as string | number | boolean | null, indent);
}

function printLeaf(head: string, value: string | number | boolean | null, indent: string): string[] {
  const block = typeof value === 'string' ? toBlock(value) : undefined;
  if (block === undefined) return [`${head} ${printScalar(value)}`];
  const lines = block.lines.map((line) => (line === '' ? '' : `${indent}  ${line}`));
  return [`${head} ${block.sign}`, ...lines];
}

/** A map in a list begins on the line of its dash. */
function printItem(item: unknown, indent: string): string[] {
  const [head = '', ...rest] = printData(`${indent}-`, item, indent);
  const isMap = typeof item === 'object' && item !== null && !Array.isArray(item);
  const [next, ...others] = rest;
  return isMap && next !== undefined ? [`${head} ${next.trimStart()}`, ...others] : [head, ...rest];
}
