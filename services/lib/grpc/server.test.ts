import { once } from 'node:events';
import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { create, destination, identity, inbound } from '#lib/api';
import { MeshError } from '#lib/base';
import {
  createGrpcClient,
  type GrpcCallOptions,
  GrpcError,
  GrpcServer,
  GrpcStatus,
  type ServerStream,
  type ServiceImplementation,
} from './index.ts';

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(addServices: (server: GrpcServer) => void, observe = vi.fn()) {
  const server = new GrpcServer({ observe });
  addServices(server);
  const { port, close } = await server.listen({ host: '127.0.0.1', port: 0 });
  closers.push(close);
  return { port, close, observe };
}

async function serveIdentity(certify: ServiceImplementation<typeof identity.Identity>['certify']) {
  const server = await serve((s) => s.add(identity.Identity, { certify }));
  const client = createGrpcClient(identity.Identity, { address: `127.0.0.1:${server.port}` });
  closers.push(() => client.close());
  return { client, ...server };
}

type Get = ServiceImplementation<typeof destination.Destination>['get'];

async function serveDestination(get: Get) {
  const getProfile = () => {
    throw new GrpcError(GrpcStatus.InvalidArgument, 'no profiles here');
  };
  const server = await serve((s) => s.add(destination.Destination, { get, getProfile }));
  const client = createGrpcClient(destination.Destination, { address: `127.0.0.1:${server.port}` });
  closers.push(() => client.close());
  return { client, ...server };
}

const noEndpoints = (exists: boolean) =>
  create(destination.UpdateSchema, { update: { case: 'noEndpoints', value: { exists } } });

const labelled = (size: number) =>
  create(destination.UpdateSchema, {
    update: { case: 'add', value: { addrs: [], metricLabels: { filler: 'x'.repeat(size) } } },
  });

const hasCode = (code: GrpcStatus, message?: string) =>
  expect.objectContaining({ name: 'GrpcError', code, ...(message === undefined ? {} : { message }) });

describe('unary calls', () => {
  test('carry request, response, headers and peer', async () => {
    let seen: unknown;
    const { client, observe } = await serveIdentity((request, call) => {
      seen = [request.identity, request.token, call.method, call.header('l5d-client-id')];
      expect(call.peer).toMatch(/^127\.0\.0\.1:\d+$/);
      return { leafCertificate: new Uint8Array([1, 2]), validUntil: { seconds: 9n } };
    });
    const request = { identity: 'web', token: new Uint8Array([7]) };
    const response = await client.certify(request, { headers: { 'l5d-client-id': 'me' } });
    expect(response.leafCertificate).toEqual(new Uint8Array([1, 2]));
    expect(response.validUntil?.seconds).toBe(9n);
    const method = '/io.linkerd.proxy.identity.Identity/Certify';
    expect(seen).toEqual(['web', new Uint8Array([7]), method, 'me']);
    expect(observe).toHaveBeenCalledExactlyOnceWith(method, GrpcStatus.Ok, expect.any(Number));
  });

  test('fail with the code and the sentence that the handler throws, of any alphabet', async () => {
    const sentence = 'identity "wéb": 100 % wrong\n\ud800';
    const { client, observe } = await serveIdentity(() => {
      throw new GrpcError(GrpcStatus.InvalidArgument, sentence);
    });
    await expect(client.certify({})).rejects.toEqual(
      hasCode(GrpcStatus.InvalidArgument, 'identity "wéb": 100 % wrong\n\ufffd'),
    );
    expect(observe.mock.calls[0]?.[1]).toBe(GrpcStatus.InvalidArgument);
  });

  test.each([
    ['an Error', new Error('disk full')],
    ['a MeshError', new MeshError('pki', 'disk full')],
    ['an errno', Object.assign(new Error('disk full'), { code: 'ENOSPC', errno: -28 })],
    ['no error at all', 'disk full'],
  ])('are Unknown when %s is thrown', async (_name, thrown) => {
    const { client } = await serveIdentity(() => Promise.reject(thrown));
    await expect(client.certify({})).rejects.toEqual(hasCode(GrpcStatus.Unknown, 'disk full'));
  });

  test('tell the handler when the caller gave up or its deadline passed', async () => {
    let open = 0;
    const { client, observe } = await serveIdentity((_request, call) => {
      open++;
      call.signal.addEventListener('abort', () => open--);
      return new Promise(() => {});
    });
    const abortAtOnce = new AbortController();
    const given: [GrpcCallOptions, GrpcStatus][] = [
      [{ deadlineMs: 500 }, GrpcStatus.DeadlineExceeded],
      [{ signal: AbortSignal.timeout(500) }, GrpcStatus.Cancelled],
      [{ signal: abortAtOnce.signal }, GrpcStatus.Cancelled],
    ];
    const calls = given.map(async ([options, code]) =>
      expect(client.certify({}, options)).rejects.toEqual(hasCode(code)),
    );
    abortAtOnce.abort();
    await Promise.all(calls);
    await vi.waitFor(() => {
      const codes = observe.mock.calls.map((call) => call[1]);
      expect(codes).toEqual(expect.arrayContaining([GrpcStatus.DeadlineExceeded, GrpcStatus.Cancelled]));
      expect(open).toBe(0);
    });
  });

  test('are not made when they are cancelled beforehand', async () => {
    const certify = vi.fn(() => ({}));
    const { client } = await serveIdentity(certify);
    const cancelled = hasCode(GrpcStatus.Cancelled);
    await expect(client.certify({}, { signal: AbortSignal.abort() })).rejects.toEqual(cancelled);
    await client.certify({});
    expect(certify).toHaveBeenCalledOnce();
  });

  test('of a service nobody serves are Unimplemented', async () => {
    const { port } = await serveIdentity(() => ({}));
    const client = createGrpcClient(inbound.InboundServerPolicies, { address: `127.0.0.1:${port}` });
    closers.push(() => client.close());
    await expect(client.getPort({ port: 80 })).rejects.toEqual(hasCode(GrpcStatus.Unimplemented));
  });

  test('to a port nobody listens on are Unavailable', async () => {
    const { port, close } = await serveIdentity(() => ({}));
    await close();
    const client = createGrpcClient(identity.Identity, { address: `127.0.0.1:${port}`, deadlineMs: 5000 });
    closers.push(() => client.close());
    await expect(client.certify({})).rejects.toEqual(hasCode(GrpcStatus.Unavailable));
  });
});

describe('streams', () => {
  test('give what was sent, in order, and end', async () => {
    const { client, observe } = await serveDestination((request, stream) => {
      expect(request.path).toBe('web:80');
      for (const exists of [true, false, true]) stream.send(noEndpoints(exists));
      stream.end();
      stream.send(noEndpoints(false));
    });
    const seen: unknown[] = [];
    for await (const update of client.get({ path: 'web:80' })) seen.push(update.update.value);
    expect(seen).toMatchObject([{ exists: true }, { exists: false }, { exists: true }]);
    expect(observe).toHaveBeenCalledExactlyOnceWith(
      '/io.linkerd.proxy.destination.Destination/Get',
      GrpcStatus.Ok,
      expect.any(Number),
    );
  });

  test('that fail give what was sent before, then the status', async () => {
    const { client } = await serveDestination((_request, stream) => {
      stream.send(noEndpoints(true));
      stream.fail(new GrpcError(GrpcStatus.FailedPrecondition, 'not yet'));
    });
    const seen: unknown[] = [];
    const read = async () => {
      for await (const update of client.get({})) seen.push(update);
    };
    await expect(read()).rejects.toEqual(hasCode(GrpcStatus.FailedPrecondition, 'not yet'));
    expect(seen).toHaveLength(1);
  });

  test('fail with what the handler throws', async () => {
    const { client, observe } = await serveDestination(() => Promise.reject(new Error('lost')));
    const read = async (options: GrpcCallOptions, method: 'get' | 'getProfile') => {
      for await (const _message of client[method]({}, options)) throw new Error('there is no message');
    };
    await expect(read({}, 'get')).rejects.toEqual(hasCode(GrpcStatus.Unknown, 'lost'));
    await expect(read({}, 'getProfile')).rejects.toEqual(
      hasCode(GrpcStatus.InvalidArgument, 'no profiles here'),
    );
    expect(observe).toHaveBeenCalledTimes(2);
  });

  test.each(['leaves the loop', 'aborts', 'lets its deadline pass'])(
    'close exactly once when the client %s',
    async (way) => {
      const onClose = vi.fn();
      let stream: ServerStream<destination.Update> | undefined;
      const { client, observe } = await serveDestination((_request, opened) => {
        stream = opened;
        opened.onClose(onClose);
        opened.send(noEndpoints(true));
      });
      const abort = new AbortController();
      const options = way === 'lets its deadline pass' ? { deadlineMs: 100 } : { signal: abort.signal };
      const read = async () => {
        for await (const _update of client.get({}, options)) {
          if (way === 'leaves the loop') break;
          if (way === 'aborts') abort.abort();
        }
      };
      await read().catch((error: unknown) => expect(error).toBeInstanceOf(GrpcError));
      await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
      await sleep(30);
      stream?.end();
      stream?.send(noEndpoints(true));
      expect(onClose).toHaveBeenCalledOnce();
      expect(stream).toMatchObject({ closed: true, pending: 0 });
      expect(stream?.signal.aborted).toBe(true);
      const late = vi.fn();
      stream?.onClose(late);
      expect(late).toHaveBeenCalledOnce();
      const code = way === 'lets its deadline pass' ? GrpcStatus.DeadlineExceeded : GrpcStatus.Cancelled;
      expect(observe.mock.calls.map((call) => call[1])).toEqual([code]);
    },
  );

  test('close when the connection of a killed client breaks', async () => {
    const onClose = vi.fn();
    const { port } = await serveDestination((_request, stream) => {
      stream.onClose(onClose);
      stream.send(noEndpoints(true));
    });
    const session = connect(`http://127.0.0.1:${port}`);
    const request = session.request({
      ':method': 'POST',
      ':path': '/io.linkerd.proxy.destination.Destination/Get',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    request.on('error', () => {});
    request.end(Buffer.alloc(5));
    await once(request, 'data');
    session.socket.destroy();
    await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  });

  test('count what a slow reader has not taken, and forget it when he has', async () => {
    let stream: ServerStream<destination.Update> | undefined;
    const { client } = await serveDestination((_request, opened) => {
      stream = opened;
    });
    const reader = client.get({})[Symbol.asyncIterator]();
    const first = reader.next();
    await vi.waitFor(() => expect(stream).toBeDefined());
    // More than the flow-control window and the client's own queue hold.
    for (let sent = 0; sent < 100; sent++) stream?.send(labelled(64 * 1024));
    await first;
    await sleep(200);
    const stuck = stream?.pending ?? 0;
    expect(stuck).toBeGreaterThan(50);
    await sleep(100);
    expect(stream?.pending).toBe(stuck);
    stream?.send(labelled(1));
    expect(stream?.pending).toBe(stuck + 1);
    for (let read = 1; read <= 100; read++) await reader.next();
    await vi.waitFor(() => expect(stream?.pending).toBe(0));
    await reader.return?.();
  });

  test('do not wait for each other: one connection carries five hundred', async () => {
    let open = 0;
    const { client } = await serveDestination((_request, stream) => {
      open++;
      stream.send(noEndpoints(true));
    });
    const readers = Array.from({ length: 500 }, () => client.get({})[Symbol.asyncIterator]());
    await Promise.all(readers.map((reader) => reader.next()));
    expect(open).toBe(500);
    for (const reader of readers) await reader.return?.();
  });
});

describe('the server', () => {
  test('ends streams with OK when it closes, and takes its port along', async () => {
    const onClose = vi.fn();
    const { client, close, port } = await serveDestination((_request, stream) => {
      stream.onClose(onClose);
      stream.send(noEndpoints(true));
    });
    const reader = client.get({})[Symbol.asyncIterator]();
    await reader.next();
    await Promise.all([close(), expect(reader.next()).resolves.toMatchObject({ done: true })]);
    expect(onClose).toHaveBeenCalledOnce();
    const next = new GrpcServer();
    const again = await next.listen({ host: '127.0.0.1', port });
    await again.close();
  });

  test('does not wait longer than a second for a handler that hangs', async () => {
    const { client, close } = await serveIdentity(() => new Promise(() => {}));
    const call = client.certify({});
    const failed = expect(call).rejects.toBeInstanceOf(GrpcError);
    await sleep(50);
    const startMs = performance.now();
    await close();
    expect(performance.now() - startMs).toBeLessThan(1500);
    await failed;
  });

  test('says which address it cannot have', async () => {
    const { port } = await serveIdentity(() => ({}));
    const second = new GrpcServer();
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toThrow(
      `cannot listen for gRPC on 127.0.0.1:${port}: listen EADDRINUSE`,
    );
  });

  test('listens on IPv6', async () => {
    const server = new GrpcServer();
    server.add(identity.Identity, { certify: () => ({}) });
    const { port, close } = await server.listen({ host: '::1', port: 0 });
    closers.push(close);
    const client = createGrpcClient(identity.Identity, { address: `[::1]:${port}` });
    closers.push(() => client.close());
    await expect(client.certify({})).resolves.toMatchObject({ leafCertificate: new Uint8Array() });
  });

  test('refuses two handlers of one method', () => {
    const server = new GrpcServer();
    server.add(identity.Identity, { certify: () => ({}) });
    expect(() => server.add(identity.Identity, { certify: () => ({}) })).toThrow('has a handler already');
  });
});
