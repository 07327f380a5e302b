import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundleProgram } from '../../esbuild.config.ts';
import { NODE_PATH, PROGRAM_DIR } from './contract.ts';
import { fileEntry } from './layer.ts';
import type { TarEntry } from './tar.ts';

const ROOT = join(import.meta.dirname, '../..');
/** With it a bundle is a program of its own; the kernel starts Node on it. */
const SHEBANG = `#!${NODE_PATH}\n`;

/** Of koffi's files those that run: the rest is its source, its documents and machine code for other C libraries. */
const KOFFI_FILES = [
  'koffi/{package.json,index.js,LICENSE.txt,src/koffi/index.js,src/koffi/src/static.js}',
  '@koromix/koffi-linux-*/{package.json,index.js}',
  '@koromix/koffi-linux-*/linux_*/koffi.node',
];

/** Bundles services as programs in PROGRAM_DIR, with what they load, and the licences of what is in them. */
export async function bundlePrograms(services: readonly string[]): Promise<readonly TarEntry[]> {
  const dir = await mkdtemp(join(tmpdir(), 'linkerd-ts-images-'));
  try {
    const packages = new Set<string>();
    for (const name of services) {
      for (const part of listPackages(await bundleProgram(name, dir))) packages.add(part);
    }
    const bundles = services.map(async (name) => programEntry(name, await readFile(join(dir, `${name}.js`))));
    return [
      ...(await Promise.all(bundles)),
      ...(await readAddons(join(dir, 'node_modules'))),
      ...(await readLicences([...packages].sort())),
    ];
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Bundles the entry point of the controllers' image, which starts the program that its first argument names. */
export async function bundleDispatcher(): Promise<TarEntry> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'controller/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
    logLevel: 'warning',
    absWorkingDir: ROOT,
  });
  return programEntry('controller', outputFiles[0]?.contents ?? Buffer.alloc(0));
}

function programEntry(name: string, bundle: Uint8Array): TarEntry {
  return fileEntry(`${PROGRAM_DIR}/${name}.js`, Buffer.concat([Buffer.from(SHEBANG), bundle]), 0o755);
}

async function readAddons(folder: string): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for await (const file of glob(KOFFI_FILES, { cwd: folder })) {
    entries.push(fileEntry(`${PROGRAM_DIR}/node_modules/${file}`, await readFile(join(folder, file))));
  }
  return entries;
}

function listPackages({ inputs }: Metafile): readonly string[] {
  return Object.keys(inputs).flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
}

async function readLicences(packages: readonly string[]): Promise<readonly TarEntry[]> {
  const entries = [fileEntry('/usr/share/doc/linkerd-ts/copyright', await readFile(join(ROOT, 'LICENSE')))];
  for (const name of packages) {
    for await (const file of glob('LICEN[CS]E*', { cwd: join(ROOT, 'node_modules', name) })) {
      const text = await readFile(join(ROOT, 'node_modules', name, file));
      entries.push(fileEntry(`/usr/share/doc/linkerd-ts/node_modules/${name}/${file}`, text));
    }
  }
  return entries;
}
