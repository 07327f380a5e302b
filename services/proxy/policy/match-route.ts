import type { Field } from '../http/field.ts';
import type { RequestHead } from '../http/head.ts';
import type { HostMatch, RouteMatch } from './route-match.ts';

/** What selection needs of a route of either direction. */
export interface Matchable<R extends { readonly matches: readonly RouteMatch[] }> {
  readonly hosts: readonly HostMatch[];
  readonly rules: readonly R[];
}

/** How specific a match is, most significant first; compared like a tuple. */
type Rank = readonly number[];

const HOST_ANY: Rank = [0, 0];
const IMPLICIT_MATCH: RouteMatch = { headers: [], queryParams: [] };

/**
 * The route and rule for a request: highest host rank, then highest rule rank; on a tie the earlier in the list.
 * Source: facts sheet proxy-wire, section 15; Gateway API, HTTPRouteRule "matches".
 */
export function findRule<R extends { readonly matches: readonly RouteMatch[] }, T extends Matchable<R>>(
  routes: readonly T[],
  head: RequestHead,
): { readonly route: T; readonly rule: R } | undefined {
  const only = soleRule<R, T>(routes);
  if (only !== undefined) return only;
  let best: { route: T; rule: R; rank: Rank } | undefined;
  for (const route of routes) {
    const host = rankHosts(route.hosts, head.authority);
    if (host === undefined) continue;
    for (const rule of route.rules) {
      const rank = rankRule(rule.matches, head);
      if (rank === undefined) continue;
      const whole = [...host, ...rank];
      if (best === undefined || isHigher(whole, best.rank)) best = { route, rule, rank: whole };
    }
  }
  return best;
}

/** The one rule that every request matches, where the policy is as plain as the default ones. */
function soleRule<R extends { readonly matches: readonly RouteMatch[] }, T extends Matchable<R>>(
  routes: readonly T[],
): { readonly route: T; readonly rule: R } | undefined {
  const route = routes[0];
  if (route === undefined || routes.length !== 1 || route.hosts.length > 0 || route.rules.length !== 1)
    return undefined;
  const rule = route.rules[0]!;
  return rule.matches.length === 0 ? { route, rule } : undefined;
}

function isHigher(a: Rank, b: Rank): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value > other;
  }
  return false;
}

/** The host of an authority: lower case, without port and trailing dot. */
function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
}

function rankHosts(hosts: readonly HostMatch[], authority: string): Rank | undefined {
  if (hosts.length === 0) return HOST_ANY;
  const host = hostOf(authority);
  const labels = host.split('.').reverse();
  let best: Rank | undefined;
  for (const match of hosts) {
    const rank =
      match.kind === 'exact' ? rankExactHost(match.host, host) : rankSuffix(match.reverseLabels, labels);
    if (rank !== undefined && (best === undefined || isHigher(rank, best))) best = rank;
  }
  return best;
}

function rankExactHost(expected: string, host: string): Rank | undefined {
  return hostOf(expected) === host ? [2, host.length] : undefined;
}

/** A suffix needs at least one label more than it names. */
function rankSuffix(reverseLabels: readonly string[], labels: readonly string[]): Rank | undefined {
  if (labels.length <= reverseLabels.length) return undefined;
  if (!reverseLabels.every((label, index) => label.toLowerCase() === labels[index])) return undefined;
  return [1, reverseLabels.join('.').length];
}

function rankRule(matches: readonly RouteMatch[], head: RequestHead): Rank | undefined {
  let best: Rank | undefined;
  for (const match of matches.length === 0 ? [IMPLICIT_MATCH] : matches) {
    const rank = rankMatch(match, head);
    if (rank !== undefined && (best === undefined || isHigher(rank, best))) best = rank;
  }
  return best;
}

function rankMatch(match: RouteMatch, head: RequestHead): Rank | undefined {
  const question = head.path.indexOf('?');
  const path = question < 0 ? head.path : head.path.slice(0, question);
  const pathRank = rankPath(match, path);
  if (pathRank === undefined) return undefined;
  if (match.method !== undefined && match.method !== head.method) return undefined;
  if (!match.headers.every(({ name, value }) => head.fields.some((field) => hasValue(field, name, value))))
    return undefined;
  if (
    match.queryParams.length > 0 &&
    !matchesQuery(match, question < 0 ? '' : head.path.slice(question + 1))
  ) {
    return undefined;
  }
  return [pathRank, match.headers.length, match.queryParams.length, match.method === undefined ? 0 : 1];
}

function rankPath(match: RouteMatch, path: string): number | undefined {
  const { path: pattern } = match;
  // As the prefix `/` would.
  if (pattern === undefined) return 0;
  switch (pattern.kind) {
    case 'exact':
      return pattern.value === path ? pattern.value.length : undefined;
    case 'prefix': {
      const prefix = pattern.value.replace(/\/$/, '');
      const isWhole = path === prefix || path.startsWith(`${prefix}/`);
      return isWhole ? prefix.length : undefined;
    }
    case 'regex':
      return isFullMatch(pattern.value, path) ? path.length : undefined;
  }
}

function hasValue(field: Field, name: string, value: string | RegExp): boolean {
  if (field.name !== name) return false;
  return typeof value === 'string' ? field.value === value : isFullMatch(value, field.value);
}

function matchesQuery(match: RouteMatch, query: string): boolean {
  const params = new URLSearchParams(query);
  return match.queryParams.every(({ name, value }) =>
    params
      .getAll(name)
      .some((found) => (typeof value === 'string' ? found === value : isFullMatch(value, found))),
  );
}

/** The leftmost match must span the whole value. */
function isFullMatch(pattern: RegExp, value: string): boolean {
  return pattern.exec(value)?.[0] === value;
}
