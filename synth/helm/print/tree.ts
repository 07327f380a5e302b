import { MeshError } from '#lib/base';
import type { ExprNode } from '#lib/expr';
import type { EachPart, Part, WhenPart } from '../encode.ts';
import { keyOfCondition } from './condition.ts';
import { printCondition, printExpr, yamlTextMap } from './expr.ts';
import { printGoText } from './literal.ts';
import { type Presence, presenceOfAny, presenceOfItem, presenceOfValue } from './presence.ts';
import { enterIf, enterLoop, isGiven, type Scope } from './scope.ts';
import { printScalar, printText, toBlock } from './yaml-scalar.ts';

type Entry = readonly [string, Part];

/** Where lines are printed. */
export interface Place {
  readonly indent: string;
  readonly scope: Scope;
}

function inward(place: Place): Place {
  return { ...place, indent: `${place.indent}  ` };
}

/** The lines of a map: YAML, with lines of control (`{{- if … }}`) between. */
export function printEntries(entries: readonly Entry[], place: Place): string[] {
  return bundle(entries, ([, part]) => part).flatMap(([condition, bundled]) =>
    condition === undefined
      ? bundled.flatMap(([key, part]) => printEntry(key, part, place))
      : printIf(condition, place, (inside) =>
          bundled.flatMap(([key, part]) => printEntry(key, insideOf(part), inside)),
        ),
  );
}

function printEntry(key: string, part: Part | undefined, place: Place): string[] {
  if (part === undefined) return [];
  if (part.is === 'when') return printWhen(part, place, (branch, inside) => printEntry(key, branch, inside));
  return printUnder(`${place.indent}${printKey(key)}:`, part, place);
}

function printItems(items: readonly Part[], place: Place): string[] {
  return bundle(items, (part) => part).flatMap(([condition, bundled]) =>
    condition === undefined
      ? bundled.flatMap((part) => printItem(part, place))
      : printIf(condition, place, (inside) => bundled.flatMap((part) => printItem(insideOf(part), inside))),
  );
}

function printItem(part: Part | undefined, place: Place): string[] {
  if (part === undefined) return [];
  if (part.is === 'when') return printWhen(part, place, printItem);
  if (part.is === 'each') return printLoop(part, place);
  if (part.is === 'list') return printItems(part.items, place);
  if (part.is === 'map' && part.entries.length > 0) return printMapItem(part.entries, place);
  return printUnder(`${place.indent}-`, part, place);
}

/** The dash needs an entry that is always there: the name, if there is one. */
function printMapItem(entries: readonly Entry[], place: Place): string[] {
  const dash = `${place.indent}-`;
  const certain = entries.filter(([, part]) => part.is !== 'when');
  const head = certain.find(([key]) => key === 'name') ?? certain[0];
  if (head === undefined) return printUnder(dash, { is: 'map', entries }, place);
  const ordered = [head, ...entries.filter((entry) => entry !== head)];
  const [first = '', ...rest] = printEntries(ordered, inward(place));
  return [`${dash} ${first.trimStart()}`, ...rest];
}

/** A part after what stands before it on its line: a key, or a dash. */
function printUnder(head: string, part: Part, place: Place): string[] {
  switch (part.is) {
    case 'scalar':
      return printConstant(head, part.value, place);
    case 'expr':
      return printValue(head, part.node, place);
    case 'map': {
      const presence = presenceOfAny(
        part.entries.map(([, value]) => value),
        presenceOfValue,
      );
      return printCollection(head, '{}', presence, place, (inside) => [
        head,
        ...printEntries(part.entries, inward(inside)),
      ]);
    }
    case 'each':
      return printUnder(head, { is: 'list', items: [part] }, place);
    case 'list': {
      const presence = presenceOfAny(part.items, presenceOfItem);
      return printCollection(head, '[]', presence, place, (inside) => [
        head,
        ...printItems(part.items, inside),
      ]);
    }
    case 'when':
      throw new MeshError('CHART_MISPLACED', `${head.trim()} can't be printed before its condition.`);
  }
}

const MAY_BE_EMPTY =
  'holds only what loops and conditions in them find, and may be empty, which YAML reads as null: ' +
  'give it an item that is always there, or put a condition around it.';

/** YAML reads a key with nothing under it as null: where nothing may be left, the empty form is printed instead. */
function printCollection(
  head: string,
  empty: string,
  presence: Presence,
  place: Place,
  print: (place: Place) => string[],
): string[] {
  if (presence === false) return [`${head} ${empty}`];
  if (presence === true) return print(place);
  if (presence === 'undecided')
    throw new MeshError('CHART_LIST_MAY_BE_EMPTY', `${head.trim()} ${MAY_BE_EMPTY}`);
  return printIf(presence, place, print, () => [`${head} ${empty}`]);
}

function printConstant(head: string, value: string | number | boolean | null, place: Place): string[] {
  if (typeof value !== 'string') return [`${head} ${printScalar(value)}`];
  // What Helm would take for its own.
  if (value.includes('{{')) return [`${head} {{ ${printGoText(value)} | quote }}`];
  const block = toBlock(value);
  if (block === undefined) return [`${head} ${printText(value)}`];
  const lines = block.lines.map((line) => (line === '' ? '' : `${place.indent}  ${line}`));
  return [`${head} ${block.sign}`, ...lines];
}

function printKey(key: string): string {
  return key.includes('{{') ? `{{ ${printGoText(key)} | quote }}` : printText(key);
}

function printValue(head: string, node: ExprNode, { indent, scope }: Place): string[] {
  const nindent = `nindent ${indent.length + 2}`;
  const yamlMap = yamlTextMap(node);
  if (yamlMap !== undefined) {
    return [`${head} |`, `${indent}  {{- ${printPiped(yamlMap, 'toYaml', scope)} | ${nindent} }}`];
  }
  switch (node.type) {
    case 'string':
      return [`${head} {{ ${printExpr(node, scope)} | quote }}`];
    case 'integer':
      return [`${head} {{ ${printExpr(node, scope)} | int64 }}`];
    case 'boolean':
      return [`${head} {{ ${printExpr(node, scope)} }}`];
    case 'list':
    case 'map':
      return [`${head} {{- ${printPiped(node, 'toYaml', scope)} | ${nindent} }}`];
    default:
      return [`${head} {{ ${printExpr(node, scope)} | toJson }}`];
  }
}

/** `toYaml .Values.a`, but `omit .Values "a" | toYaml`. */
function printPiped(node: ExprNode, name: string, scope: Scope): string {
  const printed = printExpr(node, scope);
  return printed.includes(' ') ? `${printed} | ${name}` : `${name} ${printed}`;
}

/** Neighbours under one condition share their `if`; the condition is undefined for those under none. */
function bundle<T>(parts: readonly T[], partOf: (part: T) => Part): [ExprNode | undefined, T[]][] {
  const bundles: [ExprNode | undefined, T[]][] = [];
  for (const item of parts) {
    const part = partOf(item);
    const condition =
      part.is === 'when' && part.otherwise === undefined && part.part !== undefined
        ? part.condition
        : undefined;
    const last = bundles.at(-1);
    if (last !== undefined && isSame(last[0], condition)) last[1].push(item);
    else bundles.push([condition, [item]]);
  }
  return bundles;
}

function isSame(a: ExprNode | undefined, b: ExprNode | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return keyOfCondition(a) === keyOfCondition(b);
}

function insideOf(part: Part): Part | undefined {
  return part.is === 'when' ? part.part : part;
}

function printWhen(
  { condition, part, otherwise }: WhenPart,
  place: Place,
  print: (part: Part | undefined, place: Place) => string[],
): string[] {
  if (part === undefined) {
    const negated: ExprNode = { op: 'not', type: 'boolean', args: [condition] };
    return printIf(negated, place, (inside) => print(otherwise, inside));
  }
  return printIf(
    condition,
    place,
    (inside) => print(part, inside),
    () => print(otherwise, place),
  );
}

function printIf(
  condition: ExprNode,
  place: Place,
  print: (place: Place) => string[],
  printOtherwise: () => string[] = () => [],
): string[] {
  const { indent, scope } = place;
  if (isGiven(scope, condition)) return print(place);
  const lines = print({ ...place, scope: enterIf(scope, condition) });
  const otherwise = printOtherwise();
  if (lines.length === 0 && otherwise.length === 0) return [];
  return [
    `${indent}{{- if ${printCondition(condition, scope)} }}`,
    ...lines,
    ...(otherwise.length === 0 ? [] : [`${indent}{{- else }}`, ...otherwise]),
    `${indent}{{- end }}`,
  ];
}

function printLoop({ source, keyName, itemName, body }: EachPart, place: Place): string[] {
  const { indent, scope } = place;
  const inside = enterLoop(scope, keyName, itemName);
  const lines = printItem(body, { indent, scope: inside });
  if (lines.length === 0) return [];
  const variables = [keyName, itemName].map((name) => `$${inside.names.get(name) ?? name}`);
  return [
    `${indent}{{- range ${variables.join(', ')} := ${printExpr(source, scope)} }}`,
    ...lines,
    `${indent}{{- end }}`,
  ];
}
