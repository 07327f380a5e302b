import { ACCOUNT_PORT, type AccountReader } from '../../support/load.ts';
import type { Account } from '../../support/pods/account.ts';
import { type LocalMesh, podIp } from './local-mesh.ts';
import { get } from './raw-connection.ts';

/** Reads the account of the one generator of a mesh. */
export function readerOf(mesh: LocalMesh): AccountReader {
  return async () => {
    const { status, body } = await get({ host: podIp(mesh.pod('generator')), port: ACCOUNT_PORT }, '/');
    if (status !== 200) throw new Error(`the generator answers ${status}`);
    return JSON.parse(body) as Account;
  };
}
