import { printData } from '../../helm/print/yaml-data.ts';
import { printText } from '../../helm/print/yaml-scalar.ts';
import type { Group, SpecNode } from './leaf.ts';

const LINE_LENGTH = 100;

/** values.yaml: all keys that are not optional, in the order of the spec, each under its meaning. */
export function toValuesYaml(spec: Group): string {
  const head = spec.doc === '' ? [] : [...printDoc(spec.doc, ''), ''];
  return `${[...head, ...printFields(spec, '')].join('\n')}\n`;
}

function printFields(group: Group, indent: string): string[] {
  return Object.entries(group.fields).flatMap(([key, field]) =>
    field.isOptional ? [] : [...printDoc(field.doc, indent), ...printField(key, field, indent)],
  );
}

function printField(key: string, field: SpecNode, indent: string): string[] {
  const head = `${indent}${printText(key)}:`;
  if (field.node === 'leaf') return printData(head, field.default, indent);
  const inside = printFields(field, `${indent}  `);
  return inside.length === 0 ? [`${head} {}`] : [head, ...inside];
}

function printDoc(doc: string, indent: string): string[] {
  return doc
    .split('\n')
    .flatMap((paragraph) =>
      wrap(paragraph, LINE_LENGTH - indent.length).map((line) => `${indent}# ${line}`.trimEnd()),
    );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
