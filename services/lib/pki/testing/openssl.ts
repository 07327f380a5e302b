import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The machine's openssl, run in a folder of its own: the independent judge of what this room reads and writes. */
export interface OpensslFolder {
  write(name: string, content: string | Uint8Array): void;
  read(name: string): string;
  /** Runs `openssl ARGS…` and returns its output; throws with its error text when it fails. */
  run(...args: readonly string[]): string;
  remove(): void;
}

export function createOpensslFolder(): OpensslFolder {
  const folder = mkdtempSync(join(tmpdir(), 'pki-'));
  return {
    write: (name, content) => writeFileSync(join(folder, name), content),
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    run: (...args) => execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
