import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MeshError } from '#lib/base';
import { cacheDirectory } from '../config.ts';

export type Log = (line: string) => void;

export interface CacheEntry {
  /** Of the folder in the cache: it says what is in it, down to the version. */
  readonly name: string;
  /** Fills an empty folder. Only called when nobody has done it before. */
  fill(folder: string): Promise<void>;
}

/**
 * The path of a folder that is filled once on this machine. It appears whole or not at all, and of several
 * processes that want it at once one fills it while the others wait.
 */
export async function takeFromCache({ name, fill }: CacheEntry): Promise<string> {
  const target = join(cacheDirectory(), name);
  if (existsSync(target)) return target;
  await mkdir(cacheDirectory(), { recursive: true });
  await withLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    await removeDrafts(name);
    const draft = await mkdtemp(`${target}.draft-`);
    try {
      await fill(draft);
      await rename(draft, target);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
  return target;
}

/** Of fillings that were killed. */
async function removeDrafts(name: string): Promise<void> {
  const entries = await readdir(cacheDirectory());
  for (const entry of entries.filter((candidate) => candidate.startsWith(`${name}.draft-`)))
    await rm(join(cacheDirectory(), entry), { recursive: true, force: true });
}

export function isCached(name: string): boolean {
  return existsSync(join(cacheDirectory(), name));
}

/** Runs `work` while this process alone holds the lock on `file`; the kernel lets go of it if we die. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  // Node has no flock(2). This one holds the lock until its standard input closes, which our death does too.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    const isHeld = await Promise.race([
      once(holder.stdout, 'data').then(() => true),
      once(holder, 'exit').then(() => false),
    ]);
    if (!isHeld) throw new MeshError('LAB_LOCK', `${basename(file)} can't be locked by "flock".`);
    return await work();
  } finally {
    holder.stdin.end();
  }
}
