import { parseGoDuration } from '#lib/base';
import { invalidFlag } from '../errors.ts';
import { parseLabelSelector } from '../mesh/label-selector.ts';
import { openMesh } from '../mesh/open-mesh.ts';
import { watchProxies } from '../mesh/read-proxies.ts';
import { type Output, printJson, printLine } from '../output/output.ts';
import { parseStatQuery } from './stat-query.ts';
import { buildStatRows } from './stat-rows.ts';
import { describeStatRows, renderStatTables } from './stat-table.ts';

export interface StatFlags {
  readonly name: string;
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly timeWindow: string;
  readonly to?: string;
  readonly toNamespace?: string;
  readonly from?: string;
  readonly fromNamespace?: string;
  readonly unmeshed?: boolean;
  readonly output: string;
}

const WINDOW_MIN_MS = 500;

/** Prints the traffic of resources, watched from now on for the time window. */
export async function printStat(
  resources: readonly string[],
  flags: StatFlags,
  { localDir, output }: { readonly localDir: string; readonly output: Output },
): Promise<void> {
  const windowMs = readWindow(flags.timeWindow);
  const { allNamespaces = false, unmeshed = false } = flags;
  const selector = parseLabelSelector(flags.selector ?? '');
  const query = parseStatQuery({ ...flags, resources, allNamespaces, unmeshed, selector });
  const mesh = openMesh({ name: flags.name, localDir });
  const warn = (sentence: string) => output.stderr(`‼ ${sentence}\n`);
  const readings = await watchProxies({ pods: mesh.pods, warn }, windowMs);
  const rows = buildStatRows(query, { ...mesh, readings });
  if (flags.output === 'json') return printJson(output, describeStatRows(rows));
  if (rows.length === 0) return output.stderr('No traffic found.\n');
  const table = renderStatTables(rows, {
    withNamespace: allNamespaces,
    wide: flags.output === 'wide',
  });
  printLine(output, table.trimEnd());
}

function readWindow(text: string): number {
  const windowMs = parseGoDuration(text);
  if (windowMs !== undefined && windowMs >= WINDOW_MIN_MS) return windowMs;
  throw invalidFlag('--time-window', text, 'a duration of at least 500ms, such as 2s or 1m');
}
