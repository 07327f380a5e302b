import type { ExprNode } from '#lib/expr';
import { printGoText } from './literal.ts';
import { NAMED } from './named-templates.ts';

type Print = (node: ExprNode) => string;

/** A part of a text: what it adds to the format of `printf`, and its argument. */
interface TextPart {
  readonly format: string;
  readonly argument?: string;
}

/** `printf "%s.%s.svc" .Values.name .Release.Namespace`. */
export function printTextParts(nodes: readonly ExprNode[], print: Print): string {
  const parts = nodes.map((node) => printPart(node, print));
  const format = parts.map((part) => part.format).join('');
  const args = parts.flatMap(({ argument }) => (argument === undefined ? [] : [argument]));
  return ['printf', printGoText(format), ...args].join(' ');
}

function printPart(node: ExprNode, print: Print): TextPart {
  if (node.op === 'literal') return { format: printLiteralPart(node.value) };
  const argument = print(node);
  switch (node.type) {
    case 'integer':
      return { format: '%d', argument: `(int64 ${argument})` };
    case 'boolean':
      return { format: '%t', argument };
    case 'number':
      return { format: '%s', argument: `(toJson ${argument})` };
    case 'any':
      return { format: '%s', argument: `(${printSpelled(argument)})` };
    default:
      return { format: '%s', argument };
  }
}

/** A text as it is, a number as it is written, nothing for nil. */
export function printSpelled(argument: string): string {
  return `include ${printGoText(NAMED.spelled)} ${argument}`;
}

function printLiteralPart(value: unknown): string {
  return value === undefined || value === null ? '' : String(value).replaceAll('%', '%%');
}
