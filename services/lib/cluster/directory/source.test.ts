import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONFIG_MAPS, SERVERS } from '#lib/resources';
import { Registry } from '#lib/telemetry';
import { createDirectorySource, type ManifestError } from '../index.ts';
import { buildConfigMap, describeSource } from '../source.case.ts';
import type { ClusterSource } from '../source.ts';

const QUICK = { settleMs: 5, relistMs: 200 };

describeSource('createDirectorySource', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'manifests-'));
  const source = createDirectorySource({ dir, ...QUICK });
  const fileOf = (object: { kind: string; metadata: { name: string } }) =>
    join(dir, `${object.kind}-${object.metadata.name}.json`);
  return {
    source,
    put: (object) => writeFile(fileOf(object), JSON.stringify(object)),
    delete: (object) => rm(fileOf(object)),
    close: async () => {
      await source.close();
      await rm(dir, { recursive: true });
    },
  };
});

describe('createDirectorySource', () => {
  let dir: string;
  let source: ClusterSource;
  let registry: Registry;
  let errors: ManifestError[];
  const open = (options: { relistMs?: number } = {}) => {
    source = createDirectorySource({
      dir,
      ...QUICK,
      ...options,
      registry,
      onError: (error) => errors.push(error),
    });
    return source.store(CONFIG_MAPS);
  };
  const write = (file: string, text: string) => writeFile(join(dir, file), text);
  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 3000, interval: 5 });
  const yamlOf = (name: string, value: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: shop\ndata:\n  value: ${value}\n`;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'manifests-'));
    registry = new Registry();
    errors = [];
  });
  afterEach(async () => {
    await source.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('applies a change within 200 ms without waiting for the next listing', async () => {
    await write('a.yaml', yamlOf('a', 'one'));
    const store = open({ relistMs: 60_000 });
    await source.start();
    const startedMs = performance.now();
    await write('a.yaml', yamlOf('a', 'two'));
    await eventually(() => expect(store.get('shop', 'a')?.data).toEqual({ value: 'two' }));
    expect(performance.now() - startedMs).toBeLessThan(200);
  });

  it('follows folders that appear and vanish, and files put in place by rename', async () => {
    const store = open({ relistMs: 100 });
    await source.start();
    await mkdir(join(dir, 'x/y'), { recursive: true });
    await write('x/y/.b.yaml.tmp', yamlOf('b', 'one'));
    await rename(join(dir, 'x/y/.b.yaml.tmp'), join(dir, 'x/y/b.yaml'));
    await eventually(() => expect(store.get('shop', 'b')).toBeDefined());
    await rm(join(dir, 'x'), { recursive: true });
    await eventually(() => expect(store.get('shop', 'b')).toBeUndefined());
  });

  it('reads the files of a mounted ConfigMap, which are links into a hidden folder', async () => {
    await mkdir(join(dir, '..data'));
    await write('..data/a.yaml', yamlOf('a', 'one'));
    await symlink('..data/a.yaml', join(dir, 'a.yaml'));
    const store = open();
    await source.start();
    expect(store.list()).toEqual([buildConfigMap('a', 'one')]);
  });

  it('keeps the last good objects of a broken file and says file, line and field', async () => {
    await write('a.yaml', yamlOf('a', 'one'));
    const store = open();
    await source.start();
    await write('a.yaml', yamlOf('a', '2'));
    await eventually(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toMatchObject({ file: join(dir, 'a.yaml'), line: 7, field: 'data.value' });
    expect(errors[0]?.message).toBe(`${dir}/a.yaml:7: data.value: expected a string, got 2`);
    expect(store.get('shop', 'a')?.data).toEqual({ value: 'one' });
    await write('a.yaml', yamlOf('a', 'three'));
    await eventually(() => expect(store.get('shop', 'a')?.data).toEqual({ value: 'three' }));
    expect(errors).toHaveLength(1);
  });

  it('starts with the good files when another is broken', async () => {
    await write('a.yaml', yamlOf('a', 'one'));
    await write('b.yaml', 'kind: [');
    const store = open();
    await source.start();
    expect(store.list().map((object) => object.metadata.name)).toEqual(['a']);
    expect(errors).toHaveLength(1);
  });

  it('takes the first of two manifests of one object, and the other once the first is gone', async () => {
    await write('a.yaml', yamlOf('a', 'first'));
    await write('b.yaml', yamlOf('a', 'second'));
    const store = open();
    await source.start();
    expect(store.get('shop', 'a')?.data).toEqual({ value: 'first' });
    expect(errors.map((error) => error.message)).toEqual([
      `${dir}/b.yaml:1: metadata.name: ConfigMap shop/a was already defined at ${dir}/a.yaml:1; remove one of the two`,
    ]);
    await rm(join(dir, 'a.yaml'));
    await eventually(() => expect(store.get('shop', 'a')?.data).toEqual({ value: 'second' }));
  });

  it('keeps everything while the directory is away', async () => {
    await write('a.yaml', yamlOf('a', 'one'));
    const store = open({ relistMs: 20 });
    await source.start();
    await rename(dir, `${dir}.away`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.get('shop', 'a')).toBeDefined();
    await writeFile(join(`${dir}.away`, 'a.yaml'), yamlOf('a', 'two'));
    await rename(`${dir}.away`, dir);
    await eventually(() => expect(store.get('shop', 'a')?.data).toEqual({ value: 'two' }));
  });

  it('refuses to start on a directory that cannot be read', async () => {
    await rm(dir, { recursive: true });
    open();
    await expect(source.start()).rejects.toThrow(`manifests at "${dir}" cannot be read`);
  });

  it('serves an object under the version that the mesh reads, whatever version it names', async () => {
    await write(
      's.yaml',
      'apiVersion: policy.linkerd.io/v1beta1\nkind: Server\nmetadata: {name: s}\nspec: {podSelector: {}, port: 80}\n',
    );
    open();
    const servers = source.store(SERVERS);
    await source.start();
    expect(servers.get('default', 's')?.apiVersion).toBe('policy.linkerd.io/v1beta3');
  });

  it('records how late it saw each change', async () => {
    open();
    await source.start();
    await write('a.yaml', yamlOf('a', 'one'));
    await eventually(() => expect(registry.render()).toContain('configmaps_informer_lag_seconds_count 1'));
  });
});
