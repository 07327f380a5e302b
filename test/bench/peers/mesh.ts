import { bundleProxy } from '../mesh/bundle.ts';
import type { Stage } from '../stage.ts';
import { createMeshedPeer } from './meshed-pair.ts';
import type { Peer } from './peer.ts';

/** A pair of our own proxies. */
export async function createMeshPeer(stage: Stage): Promise<Peer> {
  const bundle = await bundleProxy(stage.cleanup);
  return createMeshedPeer(stage, 'mesh', { program: process.execPath, args: [bundle] });
}
