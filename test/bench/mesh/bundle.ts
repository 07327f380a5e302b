import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Cleanup } from '../cleanup.ts';

const ROOT = join(import.meta.dirname, '../../..');

/**
 * Bundles our proxy as it is shipped: one file of JavaScript, the native addon beside it. It stands under the
 * repository, where the addon is found. Answers its path.
 */
export async function bundleProxy(cleanup: Cleanup): Promise<string> {
  await mkdir(join(ROOT, 'dist'), { recursive: true });
  const dir = await mkdtemp(join(ROOT, 'dist', 'bench-'));
  cleanup.add(dir, () => rm(dir, { recursive: true, force: true }));
  const outfile = join(dir, 'proxy.mjs');
  await build({
    entryPoints: [join(ROOT, 'services/proxy/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['koffi'],
    logLevel: 'silent',
  });
  return outfile;
}
