import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCertificateRequest, generatePrivateKey } from '#lib/pki';
import type { Stage } from '../stage.ts';
import { createMeshedPeer } from './meshed-pair.ts';
import type { Peer } from './peer.ts';

/** A pair of upstream's proxies, under our control plane. `program` is the path of the binary. */
export function createLinkerd2ProxyPeer(stage: Stage, program: string): Promise<Peer> {
  return createMeshedPeer(stage, 'linkerd2-proxy', { program, args: [], prepareIdentityDir });
}

/** It reads its key and its request from files, which the entrypoint of its image writes. */
async function prepareIdentityDir(dir: string, identity: string): Promise<void> {
  const key = generatePrivateKey();
  await writeFile(join(dir, 'key.p8'), key.export({ type: 'pkcs8', format: 'der' }), { mode: 0o644 });
  await writeFile(join(dir, 'csr.der'), createCertificateRequest(identity, key));
}
