import { MeshError } from '#lib/base';
import {
  and,
  atLeast,
  choose,
  defaultTo,
  type ExprNode,
  eq,
  ForEach,
  fieldOf,
  forEach,
  isExpr,
  isSet,
  joinEntries,
  not,
  omitKeys,
  or,
  sha256,
  upperSnake,
  When,
} from '#lib/expr';

type Known = Readonly<Record<string, unknown>>;
type Map = Readonly<Record<string, string>>;

/** What a tree becomes with values for its references: what Helm does, in small. */
export function resolveTree(tree: unknown, values: object, variables: Known = {}): unknown {
  const resolve = (part: unknown) => resolveTree(part, values, variables);
  if (isExpr(tree)) return evaluate(tree.node, values, variables);
  if (tree instanceof When) {
    return resolve(evaluate(tree.condition.node, values, variables) ? tree.part : tree.otherwise);
  }
  if (tree instanceof ForEach) {
    const source = evaluate(tree.source.node, values, variables) as Known;
    return forEach(source, (item, key) =>
      resolveTree(tree.body, values, { ...variables, [tree.itemName]: item, [tree.keyName]: key }),
    ) as unknown[];
  }
  if (Array.isArray(tree)) {
    const parts: unknown[] = tree.map(resolve);
    return parts.flat(Number.POSITIVE_INFINITY).filter((part) => part !== undefined);
  }
  if (typeof tree !== 'object' || tree === null) return tree;
  const entries = Object.entries(tree).map(([key, part]) => [key, resolve(part)] as const);
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
}

/** Every reference in a tree, as a dotted path. */
export function listReferences(tree: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const visitNode = (node: ExprNode): void => {
    if (node.op === 'ref') found.add(node.path.join('.'));
    else if ('args' in node) node.args.forEach(visitNode);
  };
  const visit = (part: unknown): void => {
    if (isExpr(part)) visitNode(part.node);
    else if (typeof part === 'object' && part !== null) Object.values(part).forEach(visit);
  };
  visit(tree);
  return found;
}

/** The references that parts hang on. */
export function listConditions(tree: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (part: unknown): void => {
    if (part instanceof When) for (const path of listReferences(part.condition)) found.add(path);
    if (typeof part === 'object' && part !== null && !isExpr(part)) Object.values(part).forEach(visit);
  };
  visit(tree);
  return found;
}

function evaluate(node: ExprNode, values: object, variables: Known): unknown {
  if (node.op === 'literal') return node.value;
  if (node.op === 'variable') return variables[node.name];
  if (node.op === 'ref') {
    return node.path.reduce((value: unknown, key) => (value as Known | undefined)?.[key], values);
  }
  const args = node.args.map((arg) => evaluate(arg, values, variables));
  const compute = OPERATIONS[node.op];
  if (compute === undefined) throw new MeshError('TEST_OPERATION', `nothing here computes ${node.op}`);
  return compute(args);
}

/** What the parts make use of. The operators compute, because all is known here. */
const OPERATIONS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  text: (args) => args.map((arg) => arg ?? '').join(''),
  eq: ([a, b]) => eq(a as string, b as string),
  atLeast: ([a, b]) => atLeast(a as number, b as number),
  not: ([a]) => not(isSet(a)),
  and: (args) => and(...args.map(isSet)),
  or: (args) => or(...args.map(isSet)),
  isSet: ([a]) => isSet(a),
  choose: ([condition, yes, no]) => choose(isSet(condition), yes, no),
  defaultTo: ([value, fallback]) => defaultTo(value, fallback),
  fieldOf: ([map, key]) => fieldOf(map as Map, key as string),
  joinEntries: ([map, between, after]) =>
    joinEntries(map as Map, { between: between as string, after: after as string }),
  omitKeys: ([map, ...keys]) => omitKeys(map as Map, keys as string[]),
  upperSnake: ([value]) => upperSnake(value as string),
  sha256: ([value]) => sha256(value as string),
};
