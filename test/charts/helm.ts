import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 << 20;

export const RELEASE = { name: 'some-release', namespace: 'some-ns' } as const;

/** What Helm said: a program's output, or the reason why it failed. */
export type HelmAnswer = { readonly output: string } | { readonly error: string };

export interface Surroundings {
  /** Instead of this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** In a UTS namespace of its own, under another host name: as root only. */
  readonly isOtherHost?: boolean;
}

const OTHER_HOST = ['unshare', '--uts', 'sh', '-c', 'hostname elsewhere && exec "$@"', 'sh'];

/** `helm template` of a chart with values as files of `-f`. */
export async function runTemplate(
  helm: string,
  chartFolder: string,
  values: readonly unknown[],
  { env, isOtherHost = false }: Surroundings = {},
): Promise<HelmAnswer> {
  const folder = mkdtempSync(join(tmpdir(), 'values-'));
  try {
    const files = values.flatMap((value, i) => {
      const file = join(folder, `${i}.yaml`);
      writeFileSync(file, JSON.stringify(value));
      return ['-f', file];
    });
    const args = ['template', RELEASE.name, chartFolder, '-n', RELEASE.namespace, ...files];
    const command = [helm, ...args, '--kube-version', '1.34.0'];
    return await runHelm(
      isOtherHost ? [...OTHER_HOST, ...command] : command,
      env && { PATH: SYSTEM_PATH, ...env },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export async function runHelm(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<HelmAnswer> {
  try {
    const { stdout } = await run(program, args, { env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES });
    return { output: stdout };
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    return { error: `${stderr}${stdout}` || String(error) };
  }
}

/** Documents as Kubernetes reads them: YAML 1.1, where `yes` is true. */
export function parseObjects(text: string): unknown[] {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS() as unknown;
    })
    .filter((object) => object !== null && object !== undefined);
}
