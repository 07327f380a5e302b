import { readFile } from 'node:fs/promises';
import { APP_PORT } from '../app.ts';
import { CLUSTER_IP } from '../arena.ts';
import { type BenchCluster, buildCluster } from '../mesh/cluster.ts';
import { startControlPlanes } from '../mesh/control-plane.ts';
import { sumRequests } from '../mesh/counters.ts';
import { installRules, type ProxyProgram, readMetrics, startSidecar } from '../mesh/sidecar.ts';
import { createTokenSigner, type TokenSigner } from '../mesh/token.ts';
import type { PeerName } from '../result.ts';
import type { Stage } from '../stage.ts';
import type { Work } from '../works.ts';
import type { Peer, RunningPair } from './peer.ts';

/**
 * A pair of a mesh's proxies as they run on a cluster: iptables, the injected environment, our control plane.
 * Control plane and rules are there for the whole benchmark; the proxies start afresh for each run.
 */
export async function createMeshedPeer(stage: Stage, name: PeerName, proxy: ProxyProgram): Promise<Peer> {
  const signer = createTokenSigner();
  const cluster = buildCluster(await readFile(stage.certificates.ca.cert, 'utf8'));
  await startControlPlanes(stage, { jwks: signer.jwks, objects: cluster.objects });
  await installRules(stage, cluster);
  return { name, start: (work) => startPair(stage, work, { cluster, signer, proxy }) };
}

/** One after the other: they share a core, and each is to be seen starting on its own. */
async function startPair(
  stage: Stage,
  work: Work,
  parts: { cluster: BenchCluster; signer: TokenSigner; proxy: ProxyProgram },
): Promise<RunningPair> {
  const inbound = await startSidecar(stage, 'server', parts);
  const outbound = await startSidecar(stage, 'client', parts);
  return {
    target: { host: CLUSTER_IP, port: APP_PORT[work.kind] },
    outPid: outbound.process.pid,
    inPid: inbound.process.pid,
    readyMs: Math.max(inbound.readyMs, outbound.readyMs),
    countRequests: async () => ({
      out: sumRequests(await readMetrics(stage, 'client'), 'outbound'),
      in: sumRequests(await readMetrics(stage, 'server'), 'inbound'),
    }),
    describe: () => `${outbound.process.output()}${inbound.process.output()}`.trim(),
    stop: async () => void (await Promise.all([outbound.process.stop(), inbound.process.stop()])),
  };
}
