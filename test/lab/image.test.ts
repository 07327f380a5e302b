import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeImage } from './image.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-image-test-'));
  mkdirSync(join(folder, 'root/bin'), { recursive: true });
  writeFileSync(join(folder, 'root/bin/tool'), '#!/bin/sh\n', { mode: 0o755 });
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('writeImage()', () => {
  const options = () => ({
    reference: 'lab.local/tool:1',
    root: join(folder, 'root'),
    entrypoint: ['/bin/tool'],
    env: { PATH: '/bin' },
    user: '2102',
  });

  it('writes one layer, and a config whose hash is that of the layer', async () => {
    const file = join(folder, 'image.tar');
    await writeImage(file, options());
    execFileSync('tar', ['-xf', file, '-C', folder]);
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    expect(read('manifest.json')).toEqual([
      { Config: 'config.json', RepoTags: ['lab.local/tool:1'], Layers: ['layer.tar'] },
    ]);
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, 'layer.tar')))
      .digest('hex');
    expect(read('config.json')).toMatchObject({
      os: 'linux',
      config: { Entrypoint: ['/bin/tool'], Env: ['PATH=/bin'], User: '2102' },
      rootfs: { type: 'layers', diff_ids: [`sha256:${hash}`] },
    });
    const listing = execFileSync('tar', ['-tvf', join(folder, 'layer.tar')], { encoding: 'utf8' });
    expect(listing).toMatch(/^-rwxr-xr-x 0\/0 .* \.\/bin\/tool$|^-rwxr-xr-x root\/root .* \.\/bin\/tool$/m);
  });

  it('makes equal images of equal roots', async () => {
    const [one, other] = [join(folder, 'one.tar'), join(folder, 'other.tar')];
    await writeImage(one, options());
    await writeImage(other, options());
    expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
  });
});
