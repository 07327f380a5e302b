import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KubeObject } from '#lib/resources';
import { stringifySorted } from '../core/names.ts';

/** Keeps a folder of one JSON file for each object, as a control plane's directory source reads it. */
export interface StateWriter {
  /** Makes the folder hold exactly these objects; only what changed is written. */
  write(objects: readonly KubeObject[]): void;
}

/** A writer into `dir`. Files appear and change in one step (by rename). */
export function createStateWriter(dir: string): StateWriter {
  const written = new Map<string, string>();
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  return {
    write(objects) {
      const wanted = new Map(objects.map((object) => [pathOf(object), stringifySorted(object)]));
      for (const [path, text] of wanted) {
        if (written.get(path) === text) continue;
        writeFile(dir, path, text);
        written.set(path, text);
      }
      for (const path of [...written.keys()]) {
        if (wanted.has(path)) continue;
        rmSync(join(dir, path), { force: true });
        written.delete(path);
      }
    },
  };
}

/** `pods/shop/web-1.json`, `namespaces/shop.json`. */
function pathOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  const plural = pluralOf(object.kind);
  return namespace === undefined ? `${plural}/${name}.json` : `${plural}/${namespace}/${name}.json`;
}

/** Folder names only need to tell kinds apart; for the kinds we know they are Kubernetes' plurals. */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  return /(s|x|ch|sh)$/.test(lower)
    ? `${lower}es`
    : /[^aeiou]y$/.test(lower)
      ? `${lower.slice(0, -1)}ies`
      : `${lower}s`;
}

function writeFile(dir: string, path: string, text: string): void {
  const file = join(dir, path);
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  // The directory source skips names that begin with a dot.
  const next = join(folder, `.${path.split('/').at(-1)}.next`);
  writeFileSync(next, text, { mode: 0o644 });
  renameSync(next, file);
}
