import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const REPOSITORY = new URL('../../', import.meta.url).pathname;
export const CHARTS_FOLDER = join(REPOSITORY, 'charts');
const PRESETS_FOLDER = join(REPOSITORY, 'values');

export interface Preset {
  readonly file: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The files of values/, which users pass with -f. */
export function readPresets(): Preset[] {
  return readdirSync(PRESETS_FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({
      file,
      values: (parse(readFileSync(join(PRESETS_FOLDER, file), 'utf8'), { version: '1.1' }) ??
        {}) as Preset['values'],
    }));
}
