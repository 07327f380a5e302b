import type { ExprNode } from '#lib/expr';
import type { EachPart, Part, WhenPart } from '../encode.ts';
import { joinConditions } from './condition.ts';

/** Whether anything of a map or list is there: always, never, under a condition, or by what loops find. */
export type Presence = boolean | ExprNode | 'undecided';

function toBoolean(op: 'not' | 'isSet', arg: ExprNode): ExprNode {
  return { op, type: 'boolean', args: [arg] };
}

function both(a: Presence, b: Presence): Presence {
  if (a === false || b === false) return false;
  if (a === true) return b;
  if (b === true) return a;
  return a === 'undecided' || b === 'undecided' ? 'undecided' : joinConditions('and', [a, b]);
}

function either(a: Presence, b: Presence): Presence {
  if (a === true || b === true) return true;
  if (a === false) return b;
  if (b === false) return a;
  return a === 'undecided' || b === 'undecided' ? 'undecided' : joinConditions('or', [a, b]);
}

/** A part as the value of a key. */
export function presenceOfValue(part: Part | undefined): Presence {
  if (part === undefined) return false;
  return part.is === 'when' ? presenceOfWhen(part, presenceOfValue) : true;
}

/** A part as an item of a list: a list in it stands for its items. */
export function presenceOfItem(part: Part | undefined): Presence {
  if (part === undefined) return false;
  if (part.is === 'when') return presenceOfWhen(part, presenceOfItem);
  if (part.is === 'each') return presenceOfLoop(part);
  return part.is === 'list' ? presenceOfAny(part.items, presenceOfItem) : true;
}

export function presenceOfAny(parts: readonly Part[], presenceOf: (part: Part) => Presence): Presence {
  return parts.map(presenceOf).reduce(either, false);
}

function presenceOfWhen(part: WhenPart, presenceOf: (part: Part | undefined) => Presence): Presence {
  const inside = presenceOf(part.part);
  const otherwise = presenceOf(part.otherwise);
  if (inside === true && otherwise === true) return true;
  return either(both(part.condition, inside), both(toBoolean('not', part.condition), otherwise));
}

/** What is in a loop may ask for its item, which nobody outside of the loop can. */
function presenceOfLoop({ source, body }: EachPart): Presence {
  const inside = presenceOfItem(body);
  return typeof inside === 'boolean' ? inside && toBoolean('isSet', source) : 'undecided';
}
