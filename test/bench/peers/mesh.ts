import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleProgram } from '../../../esbuild.config.ts';
import { PROXY_NODE_FLAGS } from '../../../services/proxy/contract.ts';
import type { Stage } from '../stage.ts';
import { createMeshedPeer } from './meshed-pair.ts';
import type { Peer } from './peer.ts';

/** A pair of our own proxies: the bundle as it is shipped, made afresh, run by Node as it is run everywhere. */
export async function createMeshPeer(stage: Stage): Promise<Peer> {
  const dir = join(stage.dir, 'dist');
  await mkdir(dir);
  await bundleProgram('proxy', dir);
  const args = [...PROXY_NODE_FLAGS, join(dir, 'proxy.js')];
  return createMeshedPeer(stage, 'mesh', { program: process.execPath, args });
}
