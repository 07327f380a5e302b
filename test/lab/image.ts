import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from './build/command.ts';

export interface ImageOptions {
  /** With a host and a tag, such as `lab.local/web:1`. */
  readonly reference: string;
  /** A folder that becomes the image's root, with its modes and file capabilities; all is owned by root. */
  readonly root: string;
  readonly entrypoint: readonly string[];
  /** Arguments when the pod gives none. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** `uid` or `uid:gid`. */
  readonly user?: string;
}

/** No layer is ever written at another time, so that equal roots make equal images. */
const EPOCH = '@0';

/** Writes an image of one layer, as `docker save` would, that `Lab.importImages` and containerd take. */
export async function writeImage(tarFile: string, options: ImageOptions): Promise<void> {
  const draft = await mkdtemp(join(tmpdir(), 'lab-image-'));
  try {
    const owned = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', `--mtime=${EPOCH}`];
    const times = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';
    const capabilities = ['--format=pax', times, '--xattrs', '--xattrs-include=security.capability'];
    const layer = join(draft, 'layer.tar');
    await runCommand('tar', ['-cf', layer, ...owned, ...capabilities, '-C', options.root, '.']);
    const config = renderImageConfig(options, await hashFile(layer));
    await writeFile(join(draft, 'config.json'), config);
    const manifest = [{ Config: 'config.json', RepoTags: [options.reference], Layers: ['layer.tar'] }];
    await writeFile(join(draft, 'manifest.json'), JSON.stringify(manifest));
    const files = ['manifest.json', 'config.json', 'layer.tar'];
    await runCommand('tar', ['-cf', `${tarFile}.draft`, ...owned, '-C', draft, ...files]);
    await rename(`${tarFile}.draft`, tarFile);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** OCI image specification, "Image JSON": the same that `docker save` writes. */
function renderImageConfig(options: ImageOptions, layerHash: string): string {
  const { entrypoint, command, env = {}, workingDir, user } = options;
  return JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Entrypoint: entrypoint,
      ...(command === undefined ? {} : { Cmd: command }),
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      ...(user === undefined ? {} : { User: user }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerHash}`] },
  });
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
