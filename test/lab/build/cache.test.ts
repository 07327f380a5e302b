import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeFromCache } from './cache.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lab-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

describe('takeFromCache()', () => {
  it('fills a folder once, also when several want it at once', async () => {
    let fillings = 0;
    const take = () =>
      takeFromCache({
        name: 'tool-1',
        fill: async (folder) => {
          fillings++;
          await sleep(100);
          await writeFile(join(folder, 'tool'), 'bytes');
        },
      });
    const [one, other] = await Promise.all([take(), take()]);
    expect(await readFile(join(one, 'tool'), 'utf8')).toBe('bytes');
    expect([other, await take()]).toEqual([one, one]);
    expect(fillings).toBe(1);
  });

  it('leaves nothing of a filling that failed, and the next one starts from nothing', async () => {
    const failing = takeFromCache({
      name: 'tool-2',
      fill: async (folder) => {
        await writeFile(join(folder, 'half'), '');
        throw new Error('no network');
      },
    });
    await expect(failing).rejects.toThrow('no network');
    const folder = await takeFromCache({
      name: 'tool-2',
      fill: (path) => writeFile(join(path, 'whole'), ''),
    });
    expect(await readdir(folder)).toEqual(['whole']);
    expect((await readdir(join(home, 'linkerd-lab'))).sort()).toEqual(['tool-2', 'tool-2.lock']);
  });
});
