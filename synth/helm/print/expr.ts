import type { ExprNode, ExprType, Operation, OperationNode, RefNode } from '#lib/expr';
import { conditionOf, withoutNeutral } from './condition.ts';
import { printGoText, printLiteral } from './literal.ts';
import { NAMED } from './named-templates.ts';
import { isGiven, type Scope } from './scope.ts';
import { printSpelled, printTextParts } from './text.ts';

type Print = (node: ExprNode) => string;
type PrintOperation = (args: readonly ExprNode[], arg: Print, scope: Scope) => string;

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** An expression as what stands between the braces of a Helm template. */
export function printExpr(node: ExprNode, scope: Scope): string {
  if (node.op === 'literal') return printLiteral(node.value);
  if (node.op === 'variable') return `$${scope.names.get(node.name) ?? node.name}`;
  if (node.op === 'ref') return printRef(node, scope);
  return PRINT[node.op](node.args, (arg) => printArgument(arg, scope), scope);
}

/** In parentheses, where it takes more than one word. */
export function printArgument(node: ExprNode, scope: Scope): string {
  const printed = printExpr(node, scope);
  return node.op !== 'literal' && printed.includes(' ') ? `(${printed})` : printed;
}

/** For `if`, which takes everything that is not empty for true. */
export function printCondition(node: ExprNode, scope: Scope): string {
  const asked = conditionOf(node);
  if (asked.op === 'not' || asked.op === 'and' || asked.op === 'or') {
    return [asked.op, ...asked.args.map((arg) => printConditionArgument(arg, scope))].join(' ');
  }
  return printExpr(asked, scope);
}

function printConditionArgument(node: ExprNode, scope: Scope): string {
  const printed = printCondition(node, scope);
  return node.op !== 'literal' && printed.includes(' ') ? `(${printed})` : printed;
}

/** `.Values.a.b`; nil-safe with parentheses: `(.Values.a).b`. Keys that Go takes for no identifiers go otherwise. */
function printRef({ root, path, isNilSafe }: RefNode, scope: Scope): string {
  const start = `${scope.root}${root}`;
  if (!isNilSafe)
    return path.reduce((base, key) => printField(base.includes(' ') ? `(${base})` : base, key), start);
  const odd = path.findIndex((key) => !IDENTIFIER.test(key));
  const plain = odd < 0 ? path : path.slice(0, odd);
  const base = plain.reduce(
    (outer, key, depth) => (depth > 0 ? `(${outer}).${key}` : `${outer}.${key}`),
    start,
  );
  if (odd < 0) return base;
  return `dig ${path.slice(odd).map(printGoText).join(' ')} nil (default dict ${base})`;
}

/** What stands under a key of a map; of a map without some keys, the others stand as they were. */
function fieldNode(map: ExprNode, key: string): ExprNode {
  if (map.op === 'ref') return { ...map, type: 'any', path: [...map.path, key] };
  if (map.op === 'omitKeys' || map.op === 'omitPath') {
    const [inner, ...omitted] = map.args;
    const touched = (map.op === 'omitKeys' ? omitted : omitted.slice(0, 1)).map(textOf);
    if (inner !== undefined && !touched.includes(key)) return fieldNode(inner, key);
  }
  return { op: 'fieldOf', type: 'any', args: [map, { op: 'literal', type: 'string', value: key }] };
}

function printField(map: string, key: string): string {
  return IDENTIFIER.test(key) ? `${map}.${key}` : `index ${map} ${printGoText(key)}`;
}

function textOf(node: ExprNode): string {
  return node.op === 'literal' ? String(node.value) : '';
}

/** Helm holds all numbers as floats, and Go compares none with integers. */
function printNumber(node: ExprNode, isFraction: boolean, arg: Print): string {
  if (node.op !== 'literal') return `(${isFraction ? 'float64' : 'int64'} ${arg(node)})`;
  const printed = printLiteral(node.value);
  return isFraction && /^-?\d+$/.test(printed) ? `${printed}.0` : printed;
}

function printEquality([a, b]: readonly ExprNode[], arg: Print): string {
  if (a === undefined || b === undefined) return 'true';
  const types = [a.type, b.type];
  if (types.includes('any')) return `eq (toRawJson ${arg(a)}) (toRawJson ${arg(b)})`;
  if (!types.includes('integer') && !types.includes('number')) return `eq ${arg(a)} ${arg(b)}`;
  const isFraction = types.includes('number');
  return `eq ${printNumber(a, isFraction, arg)} ${printNumber(b, isFraction, arg)}`;
}

/** `omit` makes a new map, so that `set` changes no values. */
function printOmission(map: ExprNode, [key = '', ...rest]: readonly string[], arg: Print): string {
  const omission = `omit ${arg(map)} ${printGoText(key)}`;
  if (rest.length === 0) return omission;
  return `set (${omission}) ${printGoText(key)} (${printOmission(fieldNode(map, key), rest, arg)})`;
}

/** `mergeOverwrite` writes into its first map, and into maps in it, which are the user's values if not copied. */
function printCopy(node: ExprNode, arg: Print): string {
  return isFresh(node) ? arg(node) : `(deepCopy ${arg(node)})`;
}

/** Made where it is printed, and with nothing in it that is a map of somebody's. */
function isFresh(node: ExprNode): boolean {
  if (node.op === 'literal') return true;
  return node.op === 'mapOf' && node.args.every(({ op, type }) => op === 'literal' || SCALARS.has(type));
}

const SCALARS: ReadonlySet<ExprType> = new Set<ExprType>(['string', 'integer', 'number', 'boolean']);

const words = (name: string): PrintOperation => {
  return (args, arg) => [name, ...args.map(arg)].join(' ');
};

const first = (print: (argument: string) => string): PrintOperation => {
  return ([node], arg) => print(node === undefined ? 'nil' : arg(node));
};

const PRINT: Readonly<Record<Operation, PrintOperation>> = {
  text: printTextParts,
  eq: printEquality,
  atLeast: (args, arg) => {
    const isFraction = args.some(({ type }) => type === 'number');
    return ['ge', ...args.map((node) => printNumber(node, isFraction, arg))].join(' ');
  },
  not: ([node], _, scope) => (node === undefined ? 'true' : `not ${printConditionArgument(node, scope)}`),
  and: words('and'),
  or: words('or'),
  isSet: first((value) => `not (empty ${value})`),
  choose: ([condition, yes, no], arg) =>
    condition === undefined || yes === undefined || no === undefined
      ? 'nil'
      : `ternary ${arg(yes)} ${arg(no)} ${arg(condition)}`,
  defaultTo: ([value, fallback], arg, scope) => {
    if (value === undefined || fallback === undefined) return 'nil';
    if (isGiven(scope, value)) return printExpr(value, scope);
    return `default ${arg(fallback)} ${arg(withoutNeutral(value))}`;
  },
  fieldOf: ([map, key], arg) =>
    map === undefined || key === undefined ? 'nil' : printField(arg(map), textOf(key)),
  joinText: words('join'),
  joinEntries: ([map, between, after], arg) => {
    const parts = Object.entries({ map, between, after });
    const dict = parts.flatMap(([name, node]) => (node === undefined ? [] : [printGoText(name), arg(node)]));
    return `include ${printGoText(NAMED.joinEntries)} (dict ${dict.join(' ')})`;
  },
  trim: words('trim'),
  // Helm holds a number of a file as a float, which only its JSON shows as it was written.
  spelled: first((value) => printSpelled(`(default "" ${value})`)),
  upperSnake: first((text) => `upper (regexReplaceAll "([a-z0-9])([A-Z])" ${text} "\${1}_\${2}")`),
  sha256: words('sha256sum'),
  base64: words('b64enc'),
  yamlText: first((map) => `printf "%s\\n" (toYaml ${map})`),
  jsonText: words('toRawJson'),
  mapOf: words('dict'),
  mergeMaps: (args, arg) => ['mergeOverwrite', ...args.map((node) => printCopy(node, arg))].join(' '),
  omitKeys: words('omit'),
  omitPath: ([map, ...path], arg) => (map === undefined ? 'dict' : printOmission(map, path.map(textOf), arg)),
  required: words('required'),
};

/** The map of a `yamlText`, which prints as a block of lines where it stands alone. */
export function yamlTextMap(node: ExprNode): ExprNode | undefined {
  return node.op === 'yamlText' ? (node as OperationNode).args[0] : undefined;
}
