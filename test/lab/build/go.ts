import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { runCommand } from './command.ts';

export interface GoModule {
  /** With go.mod, go.sum and the sources. */
  readonly folder: string;
  readonly version: string;
  /** Package paths; each program bears the name of its package's folder or module. */
  readonly packages: readonly string[];
  readonly linkerFlags: string;
}

const BUILD_TIMEOUT_MS = 45 * 60_000;
const KEY_LENGTH = 16;

/** Says which programs a build of this module brings: of its sources, its pinned modules, flags and version. */
export async function keyOfModule({ folder, version, packages, linkerFlags }: GoModule): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([version, packages, linkerFlags, process.arch]));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.go$|^go\.(mod|sum)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(`${relative(folder, file)}\0`).update(await readFile(file));
  return hash.digest('hex').slice(0, KEY_LENGTH);
}

/** Compiles static programs into `target`. The first build fetches modules and takes minutes. */
export async function buildModule(module: GoModule, target: string): Promise<void> {
  const flags = ['-trimpath', '-ldflags', `-s -w ${module.linkerFlags}`.trim()];
  await runCommand('nice', ['-n', '10', 'go', 'build', ...flags, '-o', `${target}/`, ...module.packages], {
    cwd: module.folder,
    env: { CGO_ENABLED: '0' },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
}
