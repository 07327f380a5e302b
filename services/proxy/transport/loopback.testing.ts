import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { formatCertificates, formatPrivateKey, generatePrivateKey, issueLeaf, type Validity } from '#lib/pki';
import type { StreamFailure } from '../http/exchange.ts';
import { createTestAuthority, type TestAuthority, validityFor } from '../identity/authority.testing.ts';
import { adoptSocket, IGNORE } from './adopt-socket.ts';
import { connectTcp } from './connect.ts';
import { type Accepted, type BoundListener, bindListener } from './listen.ts';
import { originateTls } from './tls-client.ts';
import { createMeshContext } from './tls-config.ts';
import { createTerminator, type TerminatedTls } from './tls-server.ts';
import type { Wire, WireReceiver } from './wire.ts';

/** Real sockets over loopback, plain and mesh TLS, for the tests of this room. */

export const SERVER = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
export const CLIENT = 'cart.shop.serviceaccount.identity.linkerd.cluster.local';

export interface LeafTestOptions {
  readonly validity?: Validity;
  readonly anchorsPem?: string;
  readonly uris?: readonly string[];
}

const HOUR_MS = 3_600_000;

/** Certificate, key and anchors of a workload, as PEM texts. */
export function issueTestCredentials(authority: TestAuthority, name: string, options: LeafTestOptions = {}) {
  const key: KeyObject = generatePrivateKey();
  const leaf = issueLeaf({
    ...(options.validity ?? validityFor(HOUR_MS)),
    issuer: authority.issuer,
    publicKey: key,
    commonName: name,
    dnsNames: name === '' ? [] : [name],
    ...(options.uris === undefined ? {} : { uris: options.uris }),
  });
  return {
    certificatesPem: formatCertificates([leaf, authority.issuer.certificate]),
    keyPem: formatPrivateKey(key),
    trustAnchorsPem: options.anchorsPem ?? authority.anchorsPem,
  };
}

export function contextOf(
  authority: TestAuthority,
  name: string,
  options: LeafTestOptions = {},
): SecureContext {
  return createMeshContext(issueTestCredentials(authority, name, options));
}

const closers: (() => void)[] = [];

/** Call after each test. */
export function closeLoopback(): void {
  for (const close of closers.splice(0)) close();
}

export async function listen(accept: (accepted: Accepted) => void): Promise<BoundListener> {
  const listener = await bindListener({
    address: { host: '127.0.0.1', port: 0 },
    keepAliveMs: 0,
    userTimeoutMs: 0,
  });
  closers.push(() => listener.close());
  listener.start((accepted) => {
    closers.push(() => accepted.wire.destroy());
    accept(accepted);
  });
  return listener;
}

/** A plain socket of Node's own: the peer that knows nothing of wires. */
export function dialRaw(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  socket.on('error', () => {});
  closers.push(() => socket.destroy());
  return socket;
}

export function dialSocket(port: number, timeoutMs = 1000): Promise<Parameters<typeof adoptSocket>> {
  return new Promise((resolve, reject) => {
    connectTcp(
      { host: '127.0.0.1', port },
      { timeoutMs, keepAliveMs: 0, userTimeoutMs: 0 },
      {
        onConnected(socket, feed) {
          closers.push(() => socket.destroy());
          resolve([socket, feed]);
        },
        onFailed: ({ message }) => reject(new Error(message)),
      },
    );
  });
}

export interface Pair {
  readonly client: Wire;
  readonly server: Wire;
}

export async function connectPlain(): Promise<Pair> {
  const { promise, resolve } = Promise.withResolvers<Wire>();
  const listener = await listen(({ wire }) => resolve(wire));
  const client = adoptSocket(...(await dialSocket(listener.address.port)));
  return { client, server: await promise };
}

export interface TlsEnds {
  readonly server: SecureContext;
  readonly client: SecureContext;
  readonly serverAlpn?: readonly string[];
  readonly alpn?: string;
  readonly serverId?: string;
}

export interface TlsOutcome {
  readonly server: TerminatedTls | string;
  readonly client: { readonly wire: Wire; readonly alpn: string | undefined } | StreamFailure;
}

/** One handshake; each side's connection, or why it has none. Bytes go to nobody until a receiver is set. */
export async function handshake(ends: TlsEnds): Promise<TlsOutcome> {
  const terminator = createTerminator(ends.serverAlpn);
  terminator.setContext(ends.server);
  const server = Promise.withResolvers<TerminatedTls | string>();
  const listener = await listen(({ wire }) => {
    const onBytes = (chunk: Buffer) =>
      terminator.terminate(wire, Buffer.from(chunk), {
        onSecure(terminated) {
          terminated.wire.pause();
          server.resolve(terminated);
        },
        onFailed: server.resolve,
      });
    wire.receiver = { ...IGNORE, onBytes };
  });
  const [socket] = await dialSocket(listener.address.port);
  const client = Promise.withResolvers<TlsOutcome['client']>();
  originateTls(
    socket,
    {
      context: ends.client,
      serverName: SERVER,
      serverId: ends.serverId ?? SERVER,
      alpn: ends.alpn,
      timeoutMs: 3000,
    },
    {
      onSecure(wire, alpn) {
        wire.pause();
        closers.push(() => wire.destroy());
        client.resolve({ wire, alpn });
      },
      onFailed: client.resolve,
    },
  );
  return { server: await server.promise, client: await client.promise };
}

/** A pair over mesh TLS, both ends still paused: set receivers, then `resume`. */
export async function connectTls(): Promise<Pair> {
  const authority = createTestAuthority();
  const { server, client } = await handshake({
    server: contextOf(authority, SERVER),
    client: contextOf(authority, CLIENT),
  });
  if (typeof server === 'string' || !('wire' in client)) throw new Error('the handshake failed');
  return { client: client.wire, server: server.wire };
}

/** Takes everything, as a digest. */
export class Sink implements WireReceiver {
  bytes = 0;
  ended = false;
  drained = 0;
  closed: { readonly error: Error | undefined } | undefined;
  onData: (() => void) | undefined;
  readonly #hash = createHash('sha256');
  #head = '';

  onBytes(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    if (this.#head.length < 256) this.#head += chunk.toString('latin1', 0, 256);
    this.onData?.();
  }
  onEnd(): void {
    this.ended = true;
  }
  onClosed(error: Error | undefined): void {
    this.closed = { error };
  }
  onDrained(): void {
    this.drained++;
  }
  /** The first bytes, as text. */
  get text(): string {
    return this.#head;
  }
  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Waits until something holds, at most `timeoutMs`. */
export async function until(holds: () => boolean, what: string, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
