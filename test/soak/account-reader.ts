import { type LocalMesh, podIp } from '../integration/mesh/local-mesh.ts';
import { get } from '../integration/mesh/raw-connection.ts';
import { TRAFFIC } from './manifests.ts';
import type { Account } from './pods/account.ts';
import { ACCOUNT_PORT } from './pods/ports.ts';

/** Asks the traffic of a mesh for its account. */
export function readerOf(mesh: LocalMesh): () => Promise<Account> {
  return async () => {
    const { status, body } = await get({ host: podIp(mesh.pod(TRAFFIC)), port: ACCOUNT_PORT }, '/');
    if (status !== 200) throw new Error(`the traffic's account: ${status}`);
    return JSON.parse(body) as Account;
  };
}
