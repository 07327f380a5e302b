import { connect, type TLSSocket } from 'node:tls';
import { describeError, MeshError } from '#lib/base';
import { type Certificate, parseCertificate } from '#lib/pki';
import { PROXY_PORT } from '../../proxy/contract.ts';

const TIMEOUT_MS = 5_000;

export interface ChainSource {
  /** Names the pod in errors. */
  readonly label: string;
  readonly ip: string;
  /** Defaults to the proxy's admin port. */
  readonly port?: number;
  /** The identity to ask for by SNI. */
  readonly identity: string;
}

/**
 * The certificates that a proxy presents as `identity`, its own first. Nothing is verified: this is for looking.
 * Rejects with IDENTITY_UNAVAILABLE, also when it takes longer than 5 seconds.
 */
export async function fetchChain(source: ChainSource): Promise<readonly Certificate[]> {
  const { label, ip, port = PROXY_PORT.admin, identity } = source;
  const socket = connect({
    host: ip,
    port,
    servername: identity,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  try {
    await awaitHandshake(socket);
    return readChain(socket).map((der) => parseCertificate(der, `a certificate of ${label}`));
  } catch (error) {
    throw new MeshError(
      'IDENTITY_UNAVAILABLE',
      `${label} at ${ip}:${port} shows no certificate for ${identity}: ${describeError(error)}; is it meshed and running?`,
      { cause: error },
    );
  } finally {
    socket.destroy();
  }
}

function awaitHandshake(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.setTimeout(TIMEOUT_MS, () => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} seconds`)));
  });
}

/** From the leaf on; the last one of a whole chain is its own issuer. */
function readChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && !chain.some((der) => certificate?.raw.equals(der))) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  if (chain.length === 0) throw new Error('it presented none');
  return chain;
}
