import type { Environment } from '#lib/config';
import { ENV_PREFIX } from '../contract.ts';
import { listVariables, NOT_SUPPORTED } from './variables.ts';

/** What is set without effect: names nobody knows, with the one that was perhaps meant, and what is not supported. */
export function listIdleVariables(environment: Environment): readonly string[] {
  const known = listVariables();
  const given = Object.keys(environment).filter((name) => name.startsWith(ENV_PREFIX));
  const unknown = given.filter((name) => !known.has(name)).map((name) => describeUnknown(name, known));
  const unsupported = NOT_SUPPORTED.filter(({ isUsual }) => !isUsual).flatMap(({ names, reason }) =>
    names
      .map((suffix) => `${ENV_PREFIX}${suffix}`)
      .filter((name) => (environment[name] ?? '') !== '')
      .map((name) => `${name} has no effect: ${reason}`),
  );
  return [...unknown, ...unsupported];
}

function describeUnknown(name: string, known: ReadonlySet<string>): string {
  const nearest = findNearest(name, known);
  return `${name} is no variable of the proxy${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

/** More differences than this are another word. */
const MAX_DISTANCE = 4;

function findNearest(name: string, known: ReadonlySet<string>): string | undefined {
  let nearest: string | undefined;
  let least = MAX_DISTANCE + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = countEdits(name, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

/** Levenshtein's distance. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let other = 1; other <= to.length; other++) {
      const same = from[at - 1] === to[other - 1] ? 0 : 1;
      const [above = 0, left = 0, diagonal = 0] = [row[other], next[other - 1], row[other - 1]];
      next.push(Math.min(above + 1, left + 1, diagonal + same));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
