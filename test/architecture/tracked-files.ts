import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** Paths, from the root, of the files git knows or would take in: what a clone will hold. */
export function listTrackedFiles(): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const output = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return output.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

export function readTracked(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Written by a tool, from a source that is itself tracked. */
export function isGenerated(path: string): boolean {
  return /(^|\/)gen\//.test(path) || path.startsWith('charts/') || path === 'package-lock.json';
}
