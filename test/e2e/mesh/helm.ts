import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { type RunResult, run } from '../cluster/run.ts';

const CHARTS_DIR = new URL('../../../charts/', import.meta.url).pathname;
const TIMEOUT_MS = 300_000;

export type HelmLine = 'helm3' | 'helm4';

export interface Release {
  readonly name: string;
  /** A folder of charts/. */
  readonly chart: string;
  readonly values?: Readonly<Record<string, unknown>>;
  /** Files passed with -f before the values. */
  readonly files?: readonly string[];
  readonly flags?: readonly string[];
}

/** Helm of one line, as a user calls it, on the namespace `linkerd`. */
export interface Helm {
  (...args: string[]): Promise<RunResult>;
  install(release: Release): Promise<RunResult>;
  upgrade(release: Release): Promise<RunResult>;
}

export const MESH_NAMESPACE = 'linkerd';

export function createHelm(lab: Lab, line: HelmLine): Helm {
  const call = (...args: string[]) =>
    run(lab[line], ['--namespace', MESH_NAMESPACE, ...args], {
      env: { KUBECONFIG: lab.kubeconfig, HELM_CACHE_HOME: join(tmpdir(), `e2e-${line}`) },
      timeoutMs: TIMEOUT_MS,
    });
  const send = (verb: string[], release: Release) => withValues(release, (flags) => call(...verb, ...flags));
  return Object.assign(call, {
    install: (release: Release) => send(['install', '--create-namespace'], release),
    upgrade: (release: Release) => send(['upgrade'], release),
  });
}

async function withValues<T>(release: Release, use: (flags: string[]) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'e2e-values-'));
  const file = join(dir, 'values.json');
  writeFileSync(file, JSON.stringify(release.values ?? {}));
  const files = [...(release.files ?? []), file].flatMap((path) => ['-f', path]);
  try {
    return await use([release.name, join(CHARTS_DIR, release.chart), ...files, ...(release.flags ?? [])]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What it printed; throws where Helm failed. */
export function expectSuccess({ status, stdout, stderr }: RunResult): string {
  if (status !== 0) throw new Error(`helm ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}
