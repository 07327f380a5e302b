import { type ExprNode, isEmpty } from '#lib/expr';

/** Without a fallback that is as empty as what it stands for. */
export function withoutNeutral(node: ExprNode): ExprNode {
  if (node.op !== 'defaultTo') return node;
  const [value, fallback] = node.args;
  return value !== undefined && fallback?.op === 'literal' && isEmpty(fallback.value)
    ? withoutNeutral(value)
    : node;
}

/** The simplest node of which `if` thinks the same: for `if`, a value is true that is not empty. */
export function conditionOf(node: ExprNode): ExprNode {
  if (node.op === 'isSet' || node.op === 'spelled')
    return node.args[0] === undefined ? node : conditionOf(node.args[0]);
  if (node.op === 'and' || node.op === 'or') return joinConditions(node.op, node.args);
  const bare = withoutNeutral(node);
  if (bare !== node) return conditionOf(bare);
  return node.op === 'defaultTo' ? joinConditions('or', node.args) : node;
}

/** `or (or a b) b` as `or a b`. */
export function joinConditions(op: 'and' | 'or', nodes: readonly ExprNode[]): ExprNode {
  const parts = nodes.map(conditionOf).flatMap((node) => (node.op === op ? node.args : [node]));
  const keys = parts.map((part) => JSON.stringify(part));
  const args = parts.filter((_, i) => keys.indexOf(keys[i] ?? '') === i);
  const [only] = args;
  return args.length === 1 && only !== undefined ? only : { op, type: 'boolean', args };
}

/** The same for conditions that say the same, in whatever order. */
export function keyOfCondition(node: ExprNode): string {
  const asked = conditionOf(node);
  if (asked.op !== 'and' && asked.op !== 'or') return JSON.stringify(asked);
  return JSON.stringify([asked.op, ...asked.args.map(keyOfCondition).sort()]);
}
