import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONTROL_PLANE_VALUES } from './linkerd-control-plane.ts';
import { DIFFERENCES } from './linkerd-control-plane-differences.ts';
import { defaultsOf, type Group, type SpecNode } from './spec.ts';

/** Key and default of each value of upstream's chart, in its order. Source: facts sheet charts, section 3.9. */
const UPSTREAM = JSON.parse(
  readFileSync(new URL('./fixtures/upstream-control-plane.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, unknown>>;

/** Values that are meant to differ: each is named in the README by `DIFFERENCES`. */
const DIFFERENT = [
  'linkerdVersion',
  'proxy.image.name',
  'controllerImage',
  'debugContainer.image.name',
  'disableHeartBeat',
  'podMonitor.controller.namespaceSelector',
];

/** Values that are maps of the user's choice: the sheet has a line for each entry. */
function isLeafOf(key: string, path: string): boolean {
  return key === path || key.startsWith(`${path}.`);
}

function leavesOf(group: Group, prefix = ''): [string, SpecNode][] {
  return Object.entries(group.fields).flatMap(([key, node]): [string, SpecNode][] => {
    if (node.isOptional) return [];
    return node.node === 'group' ? leavesOf(node, `${prefix}${key}.`) : [[prefix + key, node]];
  });
}

const LEAVES = leavesOf(CONTROL_PLANE_VALUES);

test('the chart has the values of upstream and no others, in the same order', () => {
  const ours = LEAVES.map(([path]) => path);
  const theirs = Object.keys(UPSTREAM).map((key) => ours.find((path) => isLeafOf(key, path)) ?? key);
  expect(ours).toEqual([...new Set(theirs)]);
});

test('the defaults are those of upstream but for the listed ones', () => {
  const differing = Object.entries(UPSTREAM).filter(([key, value]) => {
    const [path = ''] = LEAVES.find(([leaf]) => isLeafOf(key, leaf)) ?? [];
    return JSON.stringify(defaultAt(path, key)) !== JSON.stringify(value);
  });
  expect(differing.map(([key]) => key)).toEqual(DIFFERENT);
  const told = DIFFERENCES.map(({ what }) => what).join();
  for (const key of DIFFERENT) expect(told).toContain(`\`${key}\``);
});

/** The default at a key of the sheet; `path` is the leaf that it is in. */
function defaultAt(path: string, key: string): unknown {
  const leaf = path
    .split('.')
    .reduce<unknown>((value, step) => pick(value, step), defaultsOf(CONTROL_PLANE_VALUES));
  return key === path ? leaf : findIn(leaf, key.slice(path.length + 1));
}

function pick(value: unknown, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}

/** Keys of a map may have dots in them. */
function findIn(map: unknown, rest: string): unknown {
  if (rest === '') return map;
  const entry = Object.entries(map as object).find(([key]) => isLeafOf(rest, key));
  return entry === undefined ? undefined : findIn(entry[1], rest.slice(entry[0].length + 1));
}

test('every value says what it is in one sentence', () => {
  for (const [path, node] of LEAVES) expect(node.doc, path).toMatch(/^[A-Z`].*[.]$/s);
});
