import type { RequestCondition, ResponseCondition } from '#lib/resources';
import type { RequestMatch, ResponseMatch } from './profile.ts';

const MIN_STATUS = 100;
const MAX_STATUS = 599;

/** The match that a condition means: all fields that it sets. Throws an Error that says what is wrong with it. */
export function translateRequestCondition(condition: RequestCondition): RequestMatch {
  const matches: RequestMatch[] = [];
  if (condition.all !== undefined) {
    matches.push({ kind: 'all', matches: condition.all.map(translateRequestCondition) });
  }
  if (condition.any !== undefined) {
    matches.push({ kind: 'any', matches: condition.any.map(translateRequestCondition) });
  }
  if (condition.method !== undefined) matches.push({ kind: 'method', method: condition.method });
  for (const inner of [condition.not ?? []].flat()) {
    matches.push({ kind: 'not', match: translateRequestCondition(inner) });
  }
  if (condition.pathRegex !== undefined) matches.push({ kind: 'path', regex: condition.pathRegex });
  return joinMatches(matches, 'a request condition');
}

/** The same for a condition on responses. */
export function translateResponseCondition(condition: ResponseCondition): ResponseMatch {
  const matches: ResponseMatch[] = [];
  if (condition.all !== undefined) {
    matches.push({ kind: 'all', matches: condition.all.map(translateResponseCondition) });
  }
  if (condition.any !== undefined) {
    matches.push({ kind: 'any', matches: condition.any.map(translateResponseCondition) });
  }
  if (condition.status !== undefined) matches.push(translateStatus(condition.status));
  if (condition.not !== undefined) {
    matches.push({ kind: 'not', match: translateResponseCondition(condition.not) });
  }
  return joinMatches(matches, 'a response condition');
}

function translateStatus({ min = 0, max = 0 }: { min?: number; max?: number }): ResponseMatch {
  const from = min === 0 ? max : min;
  const to = max === 0 ? min : max;
  if (from < MIN_STATUS || to > MAX_STATUS || from > to) {
    throw new Error(`status range ${min} to ${max} is not one between ${MIN_STATUS} and ${MAX_STATUS}`);
  }
  return { kind: 'status', min: from, max: to };
}

type AnyMatch<M> = M | { readonly kind: 'all'; readonly matches: readonly M[] };

function joinMatches<M>(matches: readonly M[], what: string): AnyMatch<M> {
  const [first, ...others] = matches;
  if (first === undefined) throw new Error(`${what} must set at least one field`);
  return others.length === 0 ? first : { kind: 'all', matches };
}
