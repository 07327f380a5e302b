import type { ExprNode } from '#lib/expr';
import { conditionOf, keyOfCondition } from './condition.ts';

/** What is around an expression where it is printed. */
export interface Scope {
  /** In a loop `.` is the loop's item, and what it was outside is `$`. */
  readonly root: '.' | '$.';
  /** Keys of conditions that hold here, since an `if` around has asked. */
  readonly given: ReadonlySet<string>;
  /** Loops' variables as they are called here: numbered by how deep a loop is in others, so that names stay. */
  readonly names: ReadonlyMap<string, string>;
}

export const OUTERMOST: Scope = { root: '.', given: new Set(), names: new Map() };

/** Whether the condition follows from what was asked around it. */
export function isGiven(scope: Scope, condition: ExprNode): boolean {
  const asked = conditionOf(condition);
  if (scope.given.has(keyOfCondition(asked))) return true;
  if (asked.op === 'or') return asked.args.some((arg) => isGiven(scope, arg));
  return asked.op === 'and' && asked.args.every((arg) => isGiven(scope, arg));
}

/** Inside of an `if`. */
export function enterIf(scope: Scope, condition: ExprNode): Scope {
  return { ...scope, given: new Set([...scope.given, ...givenBy(condition)]) };
}

function givenBy(condition: ExprNode): readonly string[] {
  const asked = conditionOf(condition);
  const parts = asked.op === 'and' ? asked.args : [];
  return [keyOfCondition(asked), ...parts.flatMap(givenBy)];
}

export function enterLoop(scope: Scope, keyName: string, itemName: string): Scope {
  const depth = scope.names.size / 2;
  const number = depth === 0 ? '' : String(depth + 1);
  const names = new Map([...scope.names, [keyName, `key${number}`], [itemName, `item${number}`]]);
  return { ...scope, root: '$.', names };
}
