import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askLinkerd, CLI, MANIFESTS, MESH, spawnLinkerd } from './linkerd.ts';
import type { DemoMesh } from './mesh.ts';
import type { Report } from './report.ts';
import { bringUp } from './steps/bring-up.ts';
import { proveEncryption } from './steps/prove-encryption.ts';
import { watchRenewal } from './steps/prove-renewal.ts';
import { showCertificate } from './steps/show-certificate.ts';
import { showTraffic } from './steps/show-traffic.ts';

export interface DemoOptions {
  /** Leave the mesh up at the end. */
  readonly keep: boolean;
  readonly report: Report;
}

/** What the demo has made so far, to be removed at its end. */
interface Session {
  /** Logs and captures. */
  readonly dir: string;
  /** Whether our mesh may be there. */
  isUp: boolean;
  mesh?: DemoMesh;
}

const INTERRUPTED = Symbol('interrupted');
const EXIT_INTERRUPTED = 130;

/** Runs the demo and returns its exit code: 0 when every proof held. Nothing is thrown. */
export async function runDemo({ keep, report }: DemoOptions): Promise<number> {
  const session: Session = { dir: mkdtempSync(join(tmpdir(), 'linkerd-demo-')), isUp: false };
  let error: unknown;
  try {
    await Promise.race([awaitSignal(), runSteps(session, report)]);
  } catch (caught) {
    error = caught;
  }
  const succeeded = error === undefined && report.failed().length === 0;
  if (!succeeded) reportFailure(session, error, report);
  if (succeeded || error === INTERRUPTED) rmSync(session.dir, { recursive: true, force: true });
  if (keep && error !== INTERRUPTED && session.mesh !== undefined) explainUse(report);
  else await tearDown(session, error === INTERRUPTED, report);
  if (error === INTERRUPTED) return EXIT_INTERRUPTED;
  if (succeeded) report.say('√', `all ${report.count()} proofs held`);
  return succeeded ? 0 : 1;
}

async function runSteps(session: Session, report: Report): Promise<void> {
  report.heading('1. A mesh on this machine');
  await checkNotUp();
  session.isUp = true;
  const mesh = await bringUp(report);
  session.mesh = mesh;
  const renewal = await watchRenewal(mesh);
  report.heading('2. Who is asked, and who talks to whom');
  await showTraffic(report);
  report.heading('3. Who they are');
  await showCertificate(mesh, report);
  report.heading('4. What the wire shows');
  await proveEncryption(mesh, session.dir, report);
  report.heading('5. Certificates renewed under load');
  await renewal.prove(report);
}

/** A mesh that another run has kept up is not ours to end. */
async function checkNotUp(): Promise<void> {
  const isUp = await askLinkerd(['local', 'status']).then(
    () => true,
    () => false,
  );
  if (isUp) throw new Error(`a demo is up already: end it with "linkerd local down --name ${MESH}" (${CLI})`);
}

/** Rejects at the first signal that asks us to end. */
function awaitSignal(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => reject(INTERRUPTED));
  });
}

function reportFailure(session: Session, error: unknown, report: Report): void {
  if (error === INTERRUPTED) return report.say('‼', 'interrupted');
  report.heading('What failed');
  if (error !== undefined) report.say('×', error instanceof Error ? error.message : String(error));
  for (const { title, figures } of report.failed()) {
    report.say('×', [`not proved: ${title}`, ...figures].join('\n      '));
  }
  const logsDir = session.mesh?.logsDir ?? `/run/linkerd-local/${MESH}/logs`;
  if (session.isUp && existsSync(logsDir)) cpSync(logsDir, join(session.dir, 'logs'), { recursive: true });
  report.say('·', `logs and captures are in ${session.dir}`);
}

async function tearDown(session: Session, interrupted: boolean, report: Report): Promise<void> {
  if (!session.isUp) return;
  report.heading('The end');
  const down = () => spawnLinkerd(['local', 'down', '--name', MESH], report);
  if ((await down()) !== 0) report.say('×', `the mesh is not down: run "linkerd local down --name ${MESH}"`);
  if (!interrupted || session.mesh !== undefined) return;
  // Interrupted while it came up: what was just about to begin may have begun since.
  await sleep(1_000);
  await down();
}

function explainUse(report: Report): void {
  report.heading('The mesh stays up');
  report.block(
    [
      `alias linkerd=${CLI}`,
      `linkerd local status --name ${MESH}`,
      `linkerd viz stat deploy -n shop --name ${MESH}`,
      `linkerd viz edges deployment -n shop -o wide --name ${MESH}`,
      `linkerd identity -n shop -l app=web --name ${MESH}`,
      `linkerd diagnostics endpoints web.shop.svc.cluster.local:8080 --name ${MESH}`,
      `linkerd local down --name ${MESH}     # ends it`,
    ].join('\n'),
  );
  report.say('·', `edit the manifests in ${MANIFESTS}: a change takes effect at once`);
}
