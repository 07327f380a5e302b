import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { formatCertificates, formatPrivateKey, generatePrivateKey, issueLeaf } from '#lib/pki';
import { type TestAuthority, validityFor } from '../../identity/authority.testing.ts';

export interface RelayOptions {
  /** Where the bytes go on 127.0.0.1. */
  readonly targetPort: number;
  /** An address of the loopback network. */
  readonly host?: string;
  /** Speaks TLS with this identity and without ALPN, as a sidecar does; plaintext without. */
  readonly tls?: { readonly authority: TestAuthority; readonly name: string };
}

/** A hop before a gRPC server: what a sidecar is to it, and a cable that can be cut. */
export interface Relay {
  readonly port: number;
  /** What the clients showed in their handshakes. */
  readonly handshakes: { readonly sni: string; readonly alpn: string | false; readonly names: string }[];
  readonly connections: Set<Socket>;
  /** Resets every connection and takes no more. */
  cut(): Promise<void>;
  /** Listens again, on the same port. */
  restore(): Promise<void>;
}

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const host = options.host ?? '127.0.0.1';
  const connections = new Set<Socket>();
  const handshakes: Relay['handshakes'] = [];
  const accept = (socket: Socket) => {
    const target = connect({ host: '127.0.0.1', port: options.targetPort });
    connections.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => {
        connections.delete(socket);
        target.destroy();
      });
    target.on('error', () => {}).on('close', () => socket.destroy());
    socket.pipe(target).pipe(socket);
  };
  const acceptTls = (socket: TLSSocket) => {
    const names = socket.getPeerCertificate().subjectaltname ?? '';
    handshakes.push({ sni: String(socket.servername), alpn: socket.alpnProtocol ?? false, names });
    accept(socket);
  };
  const open = () =>
    options.tls === undefined ? createServer(accept) : createTlsServer(tlsOptions(options.tls), acceptTls);
  let server = await listen(open(), host, 0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    handshakes,
    connections,
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
    async restore() {
      server = await listen(open(), host, port);
    },
  };
}

function tlsOptions({ authority, name }: NonNullable<RelayOptions['tls']>) {
  const key = generatePrivateKey();
  const leaf = issueLeaf({
    ...validityFor(3_600_000),
    issuer: authority.issuer,
    publicKey: key,
    dnsNames: [name],
  });
  return {
    key: formatPrivateKey(key),
    cert: formatCertificates([leaf, authority.issuer.certificate]),
    ca: authority.anchorsPem,
    requestCert: true,
    minVersion: 'TLSv1.3',
  } as const;
}

function listen(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, () => resolve(server));
  });
}
