import type { Group, Leaf } from './leaf.ts';

/** A table of all keys in Markdown: key, type, default, meaning. */
export function toReadmeTable(spec: Group): string {
  const head = ['| Key | Type | Default | What it is |', '| --- | --- | --- | --- |'];
  return [...head, ...rowsOf(spec, '', spec.isOptional)].join('\n');
}

function rowsOf(group: Group, prefix: string, isOptional: boolean): string[] {
  return Object.entries(group.fields).flatMap(([key, field]) => {
    const path = `${prefix}${quoteKey(key)}`;
    if (field.node === 'group') return rowsOf(field, `${path}.`, isOptional || field.isOptional);
    return [toRow(path, field, isOptional)];
  });
}

/** A key with dots in it would read like a path. */
function quoteKey(key: string): string {
  return key.includes('.') ? `"${key}"` : key;
}

function toRow(path: string, leaf: Leaf<unknown>, isOptional: boolean): string {
  const value =
    isOptional || leaf.isOptional ? '_(absent)_' : `\`${escapeCell(JSON.stringify(leaf.default))}\``;
  return `| \`${escapeCell(path)}\` | ${nameType(leaf)} | ${value} | ${escapeCell(leaf.doc)} |`;
}

const TYPE_NAMES = {
  string: 'text',
  integer: 'integer',
  number: 'number',
  boolean: 'flag',
  list: 'list',
  map: 'map',
  any: 'any',
} as const;

const SCHEMA_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'flag',
  array: 'list',
  object: 'map',
};

function nameType({ type, schema }: Leaf<unknown>): string {
  const choices = schema['enum'];
  if (Array.isArray(choices))
    return choices.map((choice) => `\`${escapeCell(JSON.stringify(choice))}\``).join(', ');
  if (type !== 'any') return TYPE_NAMES[type];
  return [schema['type'] ?? 'any']
    .flat()
    .map((name) => SCHEMA_NAMES[String(name)] ?? name)
    .join(' or ');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
}
