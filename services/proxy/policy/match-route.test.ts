import { describe, expect, it } from 'vitest';
import { requestOf } from '../outbound/http-exchange.testing.ts';
import { findRule } from './match-route.ts';
import type { HostMatch, PathMatch, RouteMatch } from './route-match.ts';

const match = (changes: Partial<RouteMatch> = {}): RouteMatch => ({
  headers: [],
  queryParams: [],
  ...changes,
});
const prefix = (value: string): PathMatch => ({ kind: 'prefix', value });
const exact = (value: string): PathMatch => ({ kind: 'exact', value });
const regex = (value: RegExp): PathMatch => ({ kind: 'regex', value });

/** The name of the first rule that is found. */
function find(
  routes: readonly { hosts?: HostMatch[]; rules: Record<string, RouteMatch[]> }[],
  head = requestOf(),
) {
  const named = routes.map(({ hosts = [], rules }) => ({
    hosts,
    rules: Object.entries(rules).map(([name, matches]) => ({ name, matches })),
  }));
  return findRule<{ name: string; matches: RouteMatch[] }, (typeof named)[number]>(named, head)?.rule.name;
}

const matches = (one: Partial<RouteMatch>, head: Parameters<typeof requestOf>[0]) =>
  find([{ rules: { yes: [match(one)] } }], requestOf(head)) === 'yes';

describe('a match', () => {
  it.each<[PathMatch, string[], string[]]>([
    [exact('/a'), ['/a', '/a?q=1'], ['/a/', '/ab', '/']],
    [prefix('/a'), ['/a', '/a/', '/a/b', '/a?q'], ['/ab', '/']],
    [prefix('/a/'), ['/a', '/a/b'], ['/ab']],
    [prefix('/'), ['/', '/x'], []],
    [regex(/\/a\d+/), ['/a12'], ['/a12/b', '/x/a12', '/a']],
    // The leftmost match is what counts, though a longer one would span it.
    [regex(/\/a|\/ab/), ['/a'], ['/ab']],
  ])('%o', (path, yes, no) => {
    expect(yes.filter((to) => matches({ path }, { path: to }))).toEqual(yes);
    expect(no.filter((to) => matches({ path }, { path: to }))).toEqual([]);
  });

  it('asks for method, every header and every query parameter; any of several values will do', () => {
    const of = match({
      method: 'POST',
      headers: [
        { name: 'a', value: '1' },
        { name: 'b', value: /x+/ },
      ],
      queryParams: [
        { name: 'q', value: 'a b' },
        { name: 'n', value: /\d/ },
      ],
    });
    const good = { method: 'POST', path: '/?n=x&n=7&q=a+b', headers: { a: '1', b: 'xx' } };
    expect(matches(of, good)).toBe(true);
    expect(matches(of, { ...good, method: 'GET' })).toBe(false);
    expect(matches(of, { ...good, headers: { a: '1', b: 'xxy' } })).toBe(false);
    expect(matches(of, { ...good, path: '/?n=7&q=a' })).toBe(false);
  });
});

describe('the most specific rule wins', () => {
  it.each<[string, Record<string, RouteMatch[]>, string]>([
    [
      'longer path',
      { short: [match({ path: prefix('/a') })], long: [match({ path: prefix('/a/b') })] },
      'long',
    ],
    [
      'path before headers',
      {
        headers: [match({ path: prefix('/a'), headers: [{ name: 'h', value: '1' }] })],
        path: [match({ path: exact('/a/b') })],
      },
      'path',
    ],
    ['more headers', { none: [match()], one: [match({ headers: [{ name: 'h', value: '1' }] })] }, 'one'],
    ['method last', { none: [match()], method: [match({ method: 'GET' })] }, 'method'],
    ['no match as the prefix /', { slash: [match({ path: prefix('/') })], none: [] }, 'slash'],
    ['the earlier on a tie', { first: [], second: [match()] }, 'first'],
    [
      'the best match of a rule',
      { one: [match({ path: prefix('/a') })], two: [match(), match({ path: exact('/a/b') })] },
      'two',
    ],
  ])('%s', (_name, rules, winner) => {
    expect(find([{ rules }], requestOf({ path: '/a/b', headers: { h: '1' } }))).toBe(winner);
  });
});

describe('hosts', () => {
  const host = (name: string): HostMatch => ({ kind: 'exact', host: name });
  const suffix = (name: string): HostMatch => ({ kind: 'suffix', reverseLabels: name.split('.').reverse() });
  const at = (authority: string, ...hosts: HostMatch[]) =>
    find([{ hosts, rules: { yes: [] } }], requestOf({ authority }));

  it('match without regard to case, port and trailing dot', () => {
    for (const authority of ['web.shop', 'WEB.shop:80', 'web.shop.', 'web.shop.:80'])
      expect(at(authority, host('Web.shop'))).toBe('yes');
    expect(at('web.shops', host('web.shop'))).toBeUndefined();
    expect(at('', host('web.shop'))).toBeUndefined();
  });

  it('a suffix needs one label more than it names', () => {
    expect(at('a.web.shop', suffix('web.shop'))).toBe('yes');
    expect(at('web.shop', suffix('web.shop'))).toBeUndefined();
    expect(at('aweb.shop', suffix('web.shop'))).toBeUndefined();
  });

  it('exact before suffix before none, longer before shorter, and any of it before the rule', () => {
    const exactPath = [match({ path: exact('/') })];
    const routes = [
      { rules: { any: exactPath } },
      { hosts: [suffix('shop')], rules: { short: exactPath } },
      { hosts: [suffix('web.shop')], rules: { long: [] } },
      { hosts: [host('a.web.shop')], rules: { exact: [] } },
    ];
    const found = (authority: string) => find(routes, requestOf({ authority }));
    expect(['a.web.shop', 'b.web.shop', 'b.shop', 'elsewhere'].map(found)).toEqual([
      'exact',
      'long',
      'short',
      'any',
    ]);
  });
});
