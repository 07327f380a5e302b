import { setTimeout as sleep } from 'node:timers/promises';
import { readCounters, subtractCounters } from '../generator.ts';
import { MANIFESTS, MESH, spawnLinkerd } from '../linkerd.ts';
import { type DemoMesh, readMesh } from '../mesh.ts';
import type { Report } from '../report.ts';

/**
 * Certificates this short are renewed while the demo runs: a proxy renews at 70 % of what is left, which is the
 * lifetime and the allowance together.
 */
const LIFETIME = '20s';
const ALLOWANCE = '5s';

const TRAFFIC_TIMEOUT_MS = 30_000;
const WINDOW_MS = 1_000;
/** In one window. Programs that have just begun run slowly, and answer in bursts. */
const STEADY_MIN = 100;

/** Brings the mesh up with the shop in it, and waits until both generators steadily get answers. */
export async function bringUp(report: Report): Promise<DemoMesh> {
  const flags = ['--identity-issuance-lifetime', LIFETIME, '--identity-clock-skew-allowance', ALLOWANCE];
  const args = ['local', 'up', '-f', MANIFESTS, '--name', MESH, '--detach', '--wait', '60s', ...flags];
  report.block(`$ linkerd ${args.join(' ')}`);
  const code = await spawnLinkerd(args, report);
  if (code !== 0) throw new Error(`the mesh did not come up (exit code ${code})`);
  const mesh = await readMesh();
  await awaitTraffic(mesh);
  return mesh;
}

async function awaitTraffic({ pods }: DemoMesh): Promise<void> {
  const endMs = performance.now() + TRAFFIC_TIMEOUT_MS;
  let before = await readCounters(pods.traffic);
  for (;;) {
    await sleep(WINDOW_MS);
    const [meshed, plain] = [await readCounters(pods.traffic), await readCounters(pods.outsider)];
    const { ok, failed } = subtractCounters(meshed, before);
    if (ok >= STEADY_MIN && failed === 0 && plain.ok > 0) return;
    before = meshed;
    if (performance.now() > endMs) {
      const failures = JSON.stringify({ traffic: meshed.failures, outsider: plain.failures });
      throw new Error(
        `the traffic is not steady after ${TRAFFIC_TIMEOUT_MS / 1000} s: there are ${meshed.ok} answers for traffic and ${plain.ok} for outsider: ${failures}`,
      );
    }
  }
}
