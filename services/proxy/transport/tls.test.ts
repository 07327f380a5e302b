import { connect as connectTlsRaw } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestAuthority, type TestAuthority, validityFor } from '../identity/authority.testing.ts';
import { IGNORE } from './adopt-socket.ts';
import {
  CLIENT,
  closeLoopback,
  contextOf,
  dialRaw,
  dialSocket,
  handshake,
  issueTestCredentials,
  listen,
  SERVER,
  Sink,
  type TlsEnds,
  until,
} from './loopback.testing.ts';
import { originateTls } from './tls-client.ts';
import { createAnonymousContext } from './tls-config.ts';
import { createTerminator, type TerminateCallbacks, type TlsTerminator } from './tls-server.ts';

afterEach(closeLoopback);

const authority = createTestAuthority();
const HOUR_MS = 3_600_000;
const past = { notBeforeMs: Date.now() - 2 * HOUR_MS, notAfterMs: Date.now() - HOUR_MS };
const future = { notBeforeMs: Date.now() + HOUR_MS, notAfterMs: Date.now() + 2 * HOUR_MS };

const good = (): TlsEnds => ({ server: contextOf(authority, SERVER), client: contextOf(authority, CLIENT) });

describe('handshakes between two proxies', () => {
  it('authenticate both sides, with the hybrid key exchange and no ALPN', async () => {
    const { server, client } = await handshake(good());
    if (typeof server === 'string' || !('wire' in client)) throw new Error('no handshake');
    expect(server.clientId).toBe(CLIENT);
    expect(server.alpn).toBeUndefined();
    expect(client.alpn).toBeUndefined();
    const tls = client.wire.socket as ReturnType<typeof connectTlsRaw>;
    expect(tls.getProtocol()).toBe('TLSv1.3');
    expect(tls.getCipher().standardName).toBe('TLS_AES_128_GCM_SHA256');
    expect(tls.getEphemeralKeyInfo()).toMatchObject({ name: 'X25519MLKEM768' });
  });

  it('agree on ALPN where both name it; a server without a list takes the client all the same', async () => {
    const alpn = 'transport.l5d.io/v1';
    const both = await handshake({ ...good(), serverAlpn: [alpn], alpn });
    expect(both).toMatchObject({ server: { alpn }, client: { alpn } });
    const clientOnly = await handshake({ ...good(), alpn });
    expect(clientOnly.server).toMatchObject({ clientId: CLIENT, alpn: undefined });
    const serverOnly = await handshake({ ...good(), serverAlpn: [alpn] });
    expect(serverOnly.server).toMatchObject({ clientId: CLIENT, alpn: undefined });
  });

  it('take a client without a certificate as one without identity', async () => {
    const client = createAnonymousContext(authority.anchorsPem);
    const { server } = await handshake({ ...good(), client });
    expect(server).toMatchObject({ clientId: undefined });
  });

  it('take the first name of a SPIFFE client, and a server by either of its names', async () => {
    const uri = 'spiffe://root.linkerd.cluster.local/ns/shop/sa/web';
    const server = contextOf(authority, SERVER, { uris: [uri] });
    const client = contextOf(authority, '', { uris: ['spiffe://root/ns/shop/sa/cart'] });
    for (const serverId of [SERVER, SERVER.toUpperCase(), uri]) {
      const outcome = await handshake({ server, client, serverId });
      expect(outcome.server).toMatchObject({ clientId: 'spiffe://root/ns/shop/sa/cart' });
    }
  });

  it('carry bytes that came with the end of the handshake', async () => {
    const { server, client } = await handshake(good());
    if (typeof server === 'string' || !('wire' in client)) throw new Error('no handshake');
    client.wire.writeLatin1('at once');
    await new Promise((resolve) => setTimeout(resolve, 30));
    const sink = new Sink();
    server.wire.receiver = sink;
    server.wire.resume();
    await until(() => sink.text === 'at once', 'the bytes');
  });
});

describe('a client refuses a server', () => {
  const other = createTestAuthority();
  it.each<[string, () => TlsEnds, string]>([
    [
      'of another CA',
      () => ({ ...good(), server: contextOf(other, SERVER) }),
      'unable to get local issuer certificate',
    ],
    [
      'expired',
      () => ({ ...good(), server: contextOf(authority, SERVER, { validity: past }) }),
      'certificate has expired',
    ],
    [
      'not yet valid',
      () => ({ ...good(), server: contextOf(authority, SERVER, { validity: future }) }),
      'certificate is not yet valid',
    ],
    [
      'of another name',
      () => ({ ...good(), server: contextOf(authority, CLIENT) }),
      `certificate does not match TLS identity: expected ${SERVER}, found DNS:${CLIENT}`,
    ],
  ])('%s', async (_name, ends, message) => {
    const { client } = await handshake(ends());
    expect(client).toMatchObject({ kind: 'connect', unprocessed: true });
    expect('message' in client && client.message).toContain(message);
  });

  it('whatever the environment says of checks', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const { client } = await handshake({ ...good(), server: contextOf(other, SERVER) });
      expect(client).toMatchObject({ kind: 'connect' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });
});

describe('a server refuses a client', () => {
  const other = createTestAuthority();
  it.each<[string, () => TlsEnds, string]>([
    [
      'of another CA',
      () => ({ ...good(), client: contextOf(other, CLIENT, { anchorsPem: authority.anchorsPem }) }),
      'SELF_SIGNED_CERT_IN_CHAIN',
    ],
    [
      'expired',
      () => ({ ...good(), client: contextOf(authority, CLIENT, { validity: past }) }),
      'CERT_HAS_EXPIRED',
    ],
    [
      'not yet valid',
      () => ({ ...good(), client: contextOf(authority, CLIENT, { validity: future }) }),
      'CERT_NOT_YET_VALID',
    ],
  ])('%s', async (_name, ends, reason) => {
    const { server } = await handshake(ends());
    expect(server).toMatch(/^the client's certificate is not valid: /);
    if (reason !== 'SELF_SIGNED_CERT_IN_CHAIN') expect(server).toContain(reason);
  });

  it('that speaks TLS 1.2 at most', async () => {
    const { port, failures } = await serve(terminatorOf(authority));
    const error = await new Promise<Error>((resolve) => {
      connectTlsRaw({
        port,
        host: '127.0.0.1',
        servername: SERVER,
        maxVersion: 'TLSv1.2',
        rejectUnauthorized: false,
      })
        .once('error', resolve)
        .once('secureConnect', () => resolve(new Error('taken')));
    });
    expect(error.message).toMatch(/protocol version|EPROTO|ECONNRESET|alert/);
    await until(() => failures.length === 1, 'the failure');
  });
});

function terminatorOf(of: TestAuthority): TlsTerminator {
  const terminator = createTerminator(undefined);
  terminator.setContext(contextOf(of, SERVER));
  return terminator;
}

/** A server that terminates whatever comes. */
async function serve(terminator: TlsTerminator) {
  const failures: string[] = [];
  const secured: Parameters<TerminateCallbacks['onSecure']>[0][] = [];
  let rawCloses = 0;
  const listener = await listen(({ wire }) => {
    wire.socket.once('close', () => rawCloses++);
    const onBytes = (chunk: Buffer) =>
      terminator.terminate(wire, Buffer.from(chunk), {
        onSecure: (terminated) => {
          secured.push(terminated);
        },
        onFailed: (message) => {
          failures.push(message);
        },
      });
    wire.receiver = { ...IGNORE, onBytes };
  });
  return { port: listener.address.port, failures, secured, rawCloses: () => rawCloses };
}

/** The ClientHello of a real client, as bytes. */
async function captureHello(): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const listener = await listen(({ wire }) => {
    wire.receiver = { ...IGNORE, onBytes: (chunk) => resolve(Buffer.from(chunk)) };
  });
  const [socket] = await dialSocket(listener.address.port);
  const context = contextOf(authority, CLIENT);
  originateTls(
    socket,
    { context, serverName: SERVER, serverId: SERVER, alpn: undefined, timeoutMs: 3000 },
    { onSecure() {}, onFailed() {} },
  );
  return promise;
}

describe('a handshake that does not come to its end', () => {
  it.each([
    ['a FIN', (socket: ReturnType<typeof dialRaw>) => socket.end()],
    ['a reset', (socket: ReturnType<typeof dialRaw>) => socket.resetAndDestroy()],
  ])('fails at once on %s of the client, and everything is closed', async (_name, leave) => {
    const hello = await captureHello();
    const { port, failures, rawCloses } = await serve(terminatorOf(authority));
    const socket = dialRaw(port);
    socket.resume();
    socket.write(hello);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startMs = performance.now();
    leave(socket);
    await until(() => failures.length === 1 && rawCloses() === 1, 'the failure');
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it.each([
    ['a FIN', (wire: { end(): void }) => wire.end()],
    ['a reset', (wire: { reset(): void }) => wire.reset()],
  ])('fails at once on %s of the server', async (_name, leave) => {
    const listener = await listen(({ wire }) => {
      wire.receiver = { ...IGNORE, onBytes: () => leave(wire) };
    });
    const [socket] = await dialSocket(listener.address.port);
    const startMs = performance.now();
    const failure = await new Promise((resolve) =>
      originateTls(
        socket,
        {
          ...{ context: contextOf(authority, CLIENT), serverName: SERVER, serverId: SERVER },
          alpn: undefined,
          timeoutMs: 3000,
        },
        { onSecure: () => resolve('secure'), onFailed: resolve },
      ),
    );
    expect(failure).toMatchObject({ kind: 'connect', unprocessed: true });
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it('times out where the server says nothing', async () => {
    const listener = await listen(() => {});
    const [socket] = await dialSocket(listener.address.port);
    const failure = await new Promise((resolve) =>
      originateTls(
        socket,
        {
          context: contextOf(authority, CLIENT),
          serverName: SERVER,
          serverId: SERVER,
          alpn: undefined,
          timeoutMs: 50,
        },
        { onSecure: () => resolve('secure'), onFailed: resolve },
      ),
    );
    expect(failure).toMatchObject({ kind: 'connect-timeout', message: 'TLS handshake timed out after 50ms' });
  });

  it('fails on bytes that are no TLS', async () => {
    const { port, failures } = await serve(terminatorOf(authority));
    dialRaw(port).write('GET / HTTP/1.1\r\n\r\n');
    await until(() => failures.length === 1, 'the failure');
  });
});

/** A client on a socket of its own, past the handshake: `raw` writes beside its TLS. */
async function connectBeside(port: number) {
  const raw = dialRaw(port);
  const secureContext = contextOf(authority, CLIENT);
  const socket = connectTlsRaw({ socket: raw, secureContext, servername: SERVER, rejectUnauthorized: false });
  const alerts: Error[] = [];
  socket.on('error', (error) => alerts.push(error));
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return { raw, alerts };
}

describe('a connection after its handshake', () => {
  it.each([
    ['a record of another key', Buffer.from('17030300100011223344556677889900aabbccddeeff', 'hex')],
    ['bytes that are no TLS', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('is closed with an error at %s, and the peer is told why', async (_name, junk) => {
    const { port, secured, rawCloses } = await serve(terminatorOf(authority));
    const { raw, alerts } = await connectBeside(port);
    await until(() => secured.length === 1, 'the handshake');
    const sink = new Sink();
    secured[0]!.wire.receiver = sink;
    raw.write(junk);
    await until(() => sink.closed !== undefined && rawCloses() === 1, 'the end');
    expect(sink.closed?.error).toBeInstanceOf(Error);
    expect(sink.bytes).toBe(0);
    await until(() => alerts.length === 1, 'the alert');
    expect(alerts[0]?.message).toMatch(/alert/);
  });
});

describe('a terminator', () => {
  it('gives up a client that does not finish its handshake', async () => {
    const terminator = createTerminator(undefined, 50);
    terminator.setContext(contextOf(authority, SERVER));
    const { port, failures, secured, rawCloses } = await serve(terminator);
    const hello = await captureHello();
    dialRaw(port).write(hello.subarray(0, 100));
    dialRaw(port).write(hello);
    await until(() => rawCloses() === 2, 'the ends');
    expect(failures).toEqual(['TLS handshake timeout', 'TLS handshake timeout']);
    expect(secured).toEqual([]);
  });

  it('that has no certificate yet lets nobody in', async () => {
    const { port, failures, secured } = await serve(createTerminator(undefined));
    dialRaw(port).write(await captureHello());
    await until(() => failures.length === 1, 'the failure');
    expect(failures[0]).toContain('no suitable signature algorithm');
    expect(secured).toEqual([]);
  });

  it('continues a handshake whose first bytes were read before, and the rest comes later', async () => {
    const terminator = terminatorOf(authority);
    const sizes: number[] = [];
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const listener = await listen(({ wire }) => {
      const onBytes = (chunk: Buffer) => {
        sizes.push(chunk.length);
        terminator.terminate(wire, Buffer.from(chunk), {
          onSecure: ({ clientId }) => resolve(clientId),
          onFailed: resolve,
        });
      };
      wire.receiver = { ...IGNORE, onBytes };
    });
    // A relay that cuts the hello after 100 bytes.
    const relay = await listen(({ wire }) => {
      const upstream = dialRaw(listener.address.port);
      let isFirst = true;
      const onBytes = (chunk: Buffer) => {
        const bytes = Buffer.from(chunk);
        if (!isFirst) upstream.write(bytes);
        else {
          isFirst = false;
          upstream.write(bytes.subarray(0, 100));
          setTimeout(() => upstream.write(bytes.subarray(100)), 30);
        }
      };
      wire.receiver = { ...IGNORE, onBytes };
      upstream.on('data', (chunk) => wire.writeBytes(chunk));
    });
    const [socket] = await dialSocket(relay.address.port);
    originateTls(
      socket,
      {
        context: contextOf(authority, CLIENT),
        serverName: SERVER,
        serverId: SERVER,
        alpn: undefined,
        timeoutMs: 3000,
      },
      { onSecure() {}, onFailed: ({ message }) => resolve(message) },
    );
    expect(await promise).toBe(CLIENT);
    expect(sizes).toEqual([100]);
  });

  it('uses a new context for new handshakes and leaves live connections alone', async () => {
    const terminator = createTerminator(undefined);
    const issue = (ms: number) => contextOf(authority, SERVER, { validity: validityFor(ms) });
    terminator.setContext(issue(HOUR_MS));
    const { port, secured } = await serve(terminator);
    const client = contextOf(authority, CLIENT);
    const connectOnce = async () => {
      const [socket] = await dialSocket(port);
      return new Promise<import('node:tls').TLSSocket>((resolve, reject) =>
        originateTls(
          socket,
          { context: client, serverName: SERVER, serverId: SERVER, alpn: undefined, timeoutMs: 3000 },
          { onSecure: ({ socket }) => resolve(socket as import('node:tls').TLSSocket), onFailed: reject },
        ),
      );
    };
    const first = await connectOnce();
    terminator.setContext(issue(2 * HOUR_MS));
    const second = await connectOnce();
    const serials = [first, second].map((socket) => socket.getPeerX509Certificate()?.serialNumber);
    expect(new Set(serials).size).toBe(2);
    const sink = new Sink();
    await until(() => secured.length === 2, 'both');
    secured[0]!.wire.receiver = sink;
    first.write('still alive');
    await until(() => sink.text === 'still alive', 'the bytes');
  });

  it('closes the socket underneath when the wire closes: whoever counts connections there hears of it', async () => {
    const { port, secured, rawCloses } = await serve(terminatorOf(authority));
    for (const close of ['destroy', 'reset', 'endAndClose'] as const) {
      const before = rawCloses();
      const [socket] = await dialSocket(port);
      originateTls(
        socket,
        {
          context: contextOf(authority, CLIENT),
          serverName: SERVER,
          serverId: SERVER,
          alpn: undefined,
          timeoutMs: 3000,
        },
        { onSecure() {}, onFailed() {} },
      );
      await until(() => secured.length === before + 1, 'the handshake');
      secured.at(-1)!.wire[close]();
      await until(() => rawCloses() === before + 1, close);
    }
  });
});

it('credentials hold the leaf before the intermediates', () => {
  const { certificatesPem } = issueTestCredentials(authority, SERVER);
  expect(certificatesPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});
