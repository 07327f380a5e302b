import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, Pod } from '#lib/resources';
import {
  type Instance,
  isRunning,
  listInstances,
  readInstance,
  readProcessStart,
  writeInstanceFile,
} from './instance.ts';
import { instancePaths } from './paths.ts';
import { createStateWriter } from './state-writer.ts';

let base: string;
const pod = (name: string, phase: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop' },
  spec: { containers: [] },
  status: { phase },
});
const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'linkerd-state-'));
});
afterEach(() => rmSync(base, { recursive: true }));

describe('createStateWriter()', () => {
  it('writes what changed, and removes what is gone', () => {
    const { stateDir } = instancePaths(base, 'm');
    const writer = createStateWriter(stateDir);
    writer.write([namespace, pod('a', 'Pending'), pod('b', 'Running')]);
    const inodeOf = (file: string) => statSync(join(stateDir, file)).ino;
    const before = [inodeOf('pods/shop/a.json'), inodeOf('pods/shop/b.json')];
    writer.write([namespace, pod('a', 'Running'), pod('b', 'Running')]);
    expect([inodeOf('pods/shop/a.json') === before[0], inodeOf('pods/shop/b.json') === before[1]]).toEqual([
      false,
      true,
    ]);
    writer.write([pod('b', 'Running')]);
    expect(readdirSync(join(stateDir, 'pods/shop'))).toEqual(['b.json']);
    expect(readdirSync(join(stateDir, 'namespaces'))).toEqual([]);
  });
});

describe('readInstance()', () => {
  const instance = (pid: number): Instance =>
    ({ name: 'm', pid, pidStart: readProcessStart(pid), ready: true }) as Instance;

  it('finds a mesh by name, with its objects', () => {
    expect(readInstance('m', base)).toBeUndefined();
    const paths = instancePaths(base, 'm');
    createStateWriter(paths.stateDir).write([namespace, pod('a', 'Running')]);
    writeInstanceFile(paths, instance(process.pid));
    const state = readInstance('m', base);
    expect(state).toMatchObject({ running: true, instance: { name: 'm', ready: true } });
    expect(state?.objects).toHaveLength(2);
    expect(state?.pods.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(listInstances(base)).toEqual(['m']);
  });

  it('does not take another process for the one that began the mesh', () => {
    expect(isRunning(instance(process.pid))).toBe(true);
    expect(isRunning({ ...instance(process.pid), pidStart: '1' })).toBe(false);
    expect(isRunning({ ...instance(process.pid), pid: 2 ** 22 + 1 })).toBe(false);
  });
});
