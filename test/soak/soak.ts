import { type LocalMesh, startLocalMesh } from '../integration/mesh/local-mesh.ts';
import { sleep } from '../support/waiting.ts';
import { readerOf } from './account-reader.ts';
import type { SoakConfig } from './config.ts';
import { findGaps, measureCoverage } from './coverage.ts';
import { type Disruption, startDisruption } from './disruption.ts';
import { explainFailures } from './failures.ts';
import { buildManifests } from './manifests.ts';
import { type Account, KINDS } from './pods/account.ts';
import { renderCoverage, renderFailures, renderGrowth, renderRenewals, renderTraffic } from './report.ts';
import { type Measured, type Sampler, startSampler } from './sample/sampler.ts';
import { judge } from './verdict.ts';

/** And 20 s more, for clocks that go wrong; renewed at 70 % of all that: every minute. */
const CERTIFICATE_LIFETIME = '65s';
const RENEWAL_MS = 60_000;
const REPORT_EVERY_MS = 30_000;
const SETTLE_MS = 10_000;
/** What is in flight at the end gets this long. */
const END_MS = 5000;

export interface SoakContext {
  readonly report: (text: string) => void;
  /** Told once the mesh is there, so that whoever interrupts can take it down. */
  readonly onMesh: (mesh: LocalMesh) => void;
  readonly signal: AbortSignal;
}

/** Runs a soak, prints what came of it, and gives back what is wrong. */
export async function runSoak(config: SoakConfig, context: SoakContext): Promise<readonly string[]> {
  const { report, onMesh, signal } = context;
  report(`soak: ${config.durationMs / 60_000} minutes, seed ${config.seed}\n`);
  const mesh = await startLocalMesh({
    name: 'soak',
    manifests: () => buildManifests(2),
    flags: ['--identity-issuance-lifetime', CERTIFICATE_LIFETIME],
  });
  onMesh(mesh);
  const readAccount = readerOf(mesh);
  // Before the first certificates were there, and names known, calls may fail.
  await sleep(SETTLE_MS);
  const sampler = startSampler(mesh);
  const disruption = startDisruption(mesh, config.seed);
  const startedMs = performance.now();
  const first = await readAccount();
  try {
    while (performance.now() - startedMs < config.durationMs && !signal.aborted) {
      await sleep(Math.min(REPORT_EVERY_MS, config.durationMs - (performance.now() - startedMs)));
      const failed = explainFailures(subtract(await readAccount(), first), disruption.kills);
      report(renderProgress({ startedMs, disruption, sampler, unexplained: failed.unexplained.length }));
    }
  } finally {
    disruption.stop();
  }
  await sleep(END_MS);
  const account = subtract(await readAccount(), first);
  sampler.stop();
  const warmUntilMs = startedMs + config.durationMs / 3;
  return conclude({ account, disruption, measured: sampler.measured(), warmUntilMs }, config, report);
}

interface Progress {
  readonly startedMs: number;
  readonly disruption: Disruption;
  readonly sampler: Sampler;
  readonly unexplained: number;
}

function renderProgress({ startedMs, disruption, sampler, unexplained }: Progress): string {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const memory = sampler
    .measured()
    .map(({ pod, points }) => `${pod} ${points['heap MB'].at(-1)?.value.toFixed(1) ?? '-'}`);
  return (
    `${seconds} s: ${disruption.kills.scalingsAtMs.length} scalings, ${disruption.kills.peers.length} peers and ` +
    `${disruption.controlPlaneKills()} of the control plane killed, ${unexplained} failures unexplained; heap MB: ${memory.join(', ')}\n`
  );
}

interface Outcome {
  readonly account: Account;
  readonly disruption: Disruption;
  readonly measured: readonly Measured[];
  readonly warmUntilMs: number;
}

function conclude(
  { account, disruption, measured, warmUntilMs }: Outcome,
  { durationMs }: SoakConfig,
  report: (text: string) => void,
): readonly string[] {
  const rows = judge(measured, warmUntilMs);
  const explained = explainFailures(account, disruption.kills);
  const coverage = measureCoverage(
    {
      peersKilled: disruption.kills.peers.length,
      controlPlaneKilled: disruption.controlPlaneKills(),
      readyPods: disruption.readyPods,
      account,
    },
    durationMs,
  );
  report(
    `\n${renderTraffic(account)}\n${renderFailures(explained, disruption.kills.peers)}\n${renderCoverage(coverage)}\n`,
  );
  report(`${renderRenewals(measured)}\n${renderGrowth(rows)}\n`);
  const leastRenewals = Math.floor(durationMs / RENEWAL_MS) - 1;
  return [
    ...rows
      .filter(({ isFine }) => !isFine)
      .map(({ pod, figure, trend }) =>
        trend === undefined ? `${pod}: too few measurements of ${figure}` : `${pod}: ${figure} grows`,
      ),
    ...measured.flatMap(({ pod, lost }) => (lost === undefined ? [] : [`${pod}: ${lost}`])),
    ...measured
      .filter(({ renewals }) => renewals < leastRenewals)
      .map(({ pod, renewals }) => `${pod}: ${renewals} certificates, not ${leastRenewals}`),
    ...findGaps(coverage, account),
    ...(explained.unexplained.length > 0 ? [`${explained.unexplained.length} failures are unexplained`] : []),
  ];
}

/** What happened between two accounts. */
function subtract(after: Account, before: Account): Account {
  const differences = (key: 'sent' | 'ok') =>
    Object.fromEntries(KINDS.map((kind) => [kind, after[key][kind] - before[key][kind]])) as Account['sent'];
  return {
    sent: differences('sent'),
    ok: differences('ok'),
    failures: after.failures.slice(before.failures.length),
    answers: after.answers,
    inFlightBySecond: after.inFlightBySecond,
  };
}
