import { readFile } from 'node:fs/promises';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { PROXY_PORT } from '../../services/proxy/contract.ts';
import type { ShopPod } from './mesh.ts';

/** A certificate as Node's own TLS sees it; nothing here is code of the mesh. */
export interface ShownCertificate {
  readonly subject: string;
  readonly serial: string;
  readonly validTo: string;
  readonly names: string;
}

export interface ShownChain {
  /** From the workload's to the trust anchor. */
  readonly certificates: readonly ShownCertificate[];
  readonly serial: string;
  readonly spiffeId: string;
  /** Why Node's TLS does not accept the chain and the name; empty when it does. */
  readonly refusal: string;
}

const TIMEOUT_MS = 5_000;

/** Has a pod's proxy show its certificate in a TLS handshake, and has it verified against the trust anchors. */
export async function readChain(pod: ShopPod, trustAnchorsFile: string): Promise<ShownChain> {
  const socket = connect({
    host: pod.ip,
    port: PROXY_PORT.admin,
    servername: pod.identity,
    ca: await readFile(trustAnchorsFile),
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  try {
    await awaitHandshake(socket, pod.name);
    const certificates = listChain(socket.getPeerCertificate(true)).map(describeCertificate);
    const [leaf] = certificates;
    return {
      certificates,
      serial: leaf?.serial ?? '',
      spiffeId: /URI:(spiffe:[^,]+)/.exec(leaf?.names ?? '')?.[1] ?? '',
      refusal: socket.authorized ? '' : String(socket.authorizationError),
    };
  } finally {
    socket.destroy();
  }
}

function awaitHandshake(socket: TLSSocket, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (what: string) => reject(new Error(`${name} shows no certificate: ${what}`));
    socket.once('secureConnect', resolve);
    socket.on('error', (error) => refuse(error.message));
    socket.once('close', () => refuse('the connection was closed'));
    socket.setTimeout(TIMEOUT_MS, () => refuse('no answer'));
  });
}

type Linked = PeerCertificate & { readonly issuerCertificate?: Linked };

/** The anchor is its own issuer, and ends the list. */
function listChain(leaf: Linked): Linked[] {
  const chain: Linked[] = [];
  for (
    let next: Linked | undefined = leaf;
    next !== undefined && !chain.some(({ fingerprint256 }) => fingerprint256 === next?.fingerprint256);
    next = next.issuerCertificate
  )
    chain.push(next);
  return chain;
}

function describeCertificate(certificate: PeerCertificate): ShownCertificate {
  return {
    subject: String(certificate.subject?.CN ?? ''),
    serial: certificate.serialNumber.toLowerCase().match(/../g)?.join(':') ?? certificate.serialNumber,
    validTo: certificate.valid_to,
    names: certificate.subjectaltname ?? '',
  };
}
