import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Group } from '../values/spec.ts';
import { printChart } from './chart-files.ts';
import type { HelmChart } from './template.ts';

/** Writes a chart to `outDir`/<name>, and nothing else stays there. */
export function writeChart<S extends Group>(chart: HelmChart<S>, outDir: string): void {
  const folder = join(outDir, chart.name);
  const files = printChart(chart);
  for (const path of listFiles(folder)) if (!files.has(path)) rmSync(join(folder, path));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** How `outDir`/<name> differs from what `writeChart` would write: a line for each file. */
export function compareChart<S extends Group>(chart: HelmChart<S>, outDir: string): string[] {
  const folder = join(outDir, chart.name);
  const files = printChart(chart);
  const present = listFiles(folder);
  const unknown = present.filter((path) => !files.has(path)).map((path) => `${chart.name}/${path}: not ours`);
  const wrong = [...files].flatMap(([path, text]) => {
    if (!present.includes(path)) return [`${chart.name}/${path}: missing`];
    const line = findFirstDifference(readFileSync(join(folder, path), 'utf8'), text);
    return line === 0 ? [] : [`${chart.name}/${path}: differs from line ${line} on`];
  });
  return [...unknown, ...wrong];
}

function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  } catch {
    return [];
  }
}

/** The number of the first line that differs, or 0. */
function findFirstDifference(a: string, b: string): number {
  if (a === b) return 0;
  const left = a.split('\n');
  const right = b.split('\n');
  return left.findIndex((line, i) => line !== right[i]) + 1 || left.length + 1;
}
