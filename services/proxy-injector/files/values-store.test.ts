import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readValues, trustRoots } from '../testing/injector.ts';
import { createValuesStore, type ValuesStore } from './values-store.ts';

let dir: string;
let sentences: string[];
let store: ValuesStore;
const write = (name: string, text: string) => writeFile(join(dir, name), text);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'values-'));
  sentences = [];
  store = createValuesStore({
    valuesFile: join(dir, 'values'),
    trustRootsFile: join(dir, 'ca-bundle.crt'),
    namespace: 'linkerd',
    onRefused: (sentence) => sentences.push(sentence),
  });
});
afterEach(() => rm(dir, { recursive: true }));

describe('the values in use', () => {
  it('are the chart’s, with the trust roots of their own file', async () => {
    const roots = trustRoots();
    await write('values', await readValues());
    await write('ca-bundle.crt', roots);
    expect(await store.refresh()).toBe('updated');
    expect(await store.refresh()).toBe('unchanged');
    expect(store.get()).toMatchObject({ controlPlaneNamespace: 'linkerd', identityTrustAnchorsPEM: roots });
  });

  it('bring the trust roots themselves where there is no such file', async () => {
    const roots = trustRoots();
    await write(
      'values',
      (await readValues()).replace(
        'identityTrustAnchorsPEM: ""',
        `identityTrustAnchorsPEM: ${JSON.stringify(roots)}`,
      ),
    );
    expect(await store.refresh()).toBe('updated');
    expect(store.get()?.identityTrustAnchorsPEM).toBe(roots.trim());
  });

  it('stay when an edit is broken, which is told once', async () => {
    await write('values', await readValues());
    await write('ca-bundle.crt', trustRoots());
    await store.refresh();
    const before = store.get();
    await write('values', 'proxy: {');
    expect(await store.refresh()).toBe('refused');
    expect(await store.refresh()).toBe('unchanged');
    await write('values', (await readValues()).replace('admin: 4191', 'admin: x'));
    expect(await store.refresh()).toBe('refused');
    expect(store.get()).toBe(before);
    expect(sentences).toEqual([
      expect.stringMatching(/values cannot be used: line 1: .* Correct the chart's values and upgrade\.$/),
      expect.stringContaining('values: proxy.ports.admin is "x"; give it a whole number from 1 to 65535.'),
    ]);
    await write('ca-bundle.crt', 'no certificate');
    await write('values', await readValues());
    expect(await store.refresh()).toBe('refused');
    expect(sentences.at(-1)).toContain('ca-bundle.crt');
    await write('ca-bundle.crt', trustRoots());
    expect(await store.refresh()).toBe('updated');
  });

  it('are missed with the mend', async () => {
    expect(await store.refresh()).toBe('refused');
    expect(store.get()).toBeUndefined();
    await write('values', await readValues());
    expect(await store.refresh()).toBe('refused');
    expect(sentences).toEqual([
      expect.stringMatching(
        /values does not exist: mount the ConfigMap linkerd-config there, or name the file with -values\.$/,
      ),
      expect.stringContaining('Please provide the identity trust anchors'),
    ]);
  });
});
