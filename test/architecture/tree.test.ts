import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isGenerated, listTrackedFiles, readTracked } from './tracked-files.ts';

const files = listTrackedFiles();
const sources = files.filter((file) => /\.(ts|js|cjs|sh|lua)$/.test(file) && !isGenerated(file));

const TOP_LEVEL = ['charts', 'services', 'synth', 'test', 'values', '.ci'];
const MAX_LINES = 500;
const MAX_DEPTH = 4;
const MAX_ENTRIES = 20;
/** Each holds one state machine, or one container's parts, in many small files: splitting it would hide that. */
const WIDE_FOLDERS = ['services/proxy/http/h1', 'services/proxy/http/h2', 'services/lib/inject'];

describe('the tree', () => {
  it('has the top level of the design', () => {
    const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
    expect([...folders].filter((folder) => !TOP_LEVEL.includes(folder ?? ''))).toEqual([]);
  });

  it(`is at most ${MAX_DEPTH} folders deep`, () => {
    expect(sources.filter((file) => file.split('/').length - 1 > MAX_DEPTH)).toEqual([]);
  });

  it(`has at most ${MAX_ENTRIES} sources in a folder`, () => {
    const counts = new Map<string, number>();
    for (const file of sources.filter((path) => !/\.(test|case|fixture|testing|bench)\.ts$/.test(path))) {
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    }
    const wide = [...counts].filter(([, count]) => count > MAX_ENTRIES).map(([folder]) => folder);
    expect(wide.filter((folder) => !WIDE_FOLDERS.includes(folder))).toEqual([]);
  });

  it(`has no source of more than ${MAX_LINES} lines`, () => {
    expect(sources.filter((file) => readTracked(file).split('\n').length - 1 > MAX_LINES)).toEqual([]);
  });

  it('names its sources in kebab-case, after what they hold', () => {
    const isNamedWell = (file: string): boolean =>
      /\/\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(`/${file}`) &&
      !/\/(utils?|helpers?|common|misc)[./]/.test(`/${file}`);
    expect(sources.filter((file) => !file.includes('/gen/') && !isNamedWell(file))).toEqual([]);
  });

  it('leaves nothing for later', () => {
    const later = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`);
    expect(sources.filter((file) => later.test(readTracked(file)))).toEqual([]);
  });
});
