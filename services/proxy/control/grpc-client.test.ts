import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { create, destination, identity, toBinary } from '#lib/api';
import { createGrpcClient, GrpcError, GrpcServer, GrpcStatus, type ServerStream } from '#lib/grpc';
import type { HttpClient, RequestHandler, ResponseSink } from '../http/exchange.ts';
import { Field } from '../http/field.ts';
import type { H2ClientConnection } from '../http/h2/client-connection.ts';
import { connectClient, startServer, until } from '../http/h2/loopback.testing.ts';
import { ResponseHead, VERSION } from '../http/head.ts';
import { GrpcClient } from './grpc-client.ts';
import { frameMessage, MessageReader } from './grpc-messages.ts';
import { decodeGrpcMessage, type GrpcOutcome } from './grpc-outcome.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Services {
  certify?: (token: string) => string;
  get?: (stream: ServerStream<destination.Update>) => void;
}

/** A grpc-js server and our client, connected. */
async function serve(services: Services): Promise<{ client: GrpcClient; connection: H2ClientConnection }> {
  const server = new GrpcServer();
  server.add(identity.Identity, {
    certify: async (request) => {
      const leaf = services.certify?.(Buffer.from(request.token).toString()) ?? '';
      return create(identity.CertifyResponseSchema, { leafCertificate: Buffer.from(leaf) });
    },
  });
  server.add(destination.Destination, {
    get: (_request, stream) => services.get?.(stream),
    getProfile: () => {
      throw new GrpcError(GrpcStatus.InvalidArgument, 'pröfiles: 100 %');
    },
  });
  const listening = await server.listen({ host: '127.0.0.1', port: 0 });
  closing.push(() => listening.close());
  const connection = await connectClient(listening.port);
  closing.push(() => connection.wire.destroy());
  return {
    client: new GrpcClient({ authority: 'linkerd.test:8080', connection: () => connection }),
    connection,
  };
}

const noEndpoints = (exists: boolean) =>
  create(destination.UpdateSchema, { update: { case: 'noEndpoints', value: { exists } } });
const labelled = (size: number) =>
  create(destination.UpdateSchema, {
    update: { case: 'add', value: { addrs: [], metricLabels: { filler: 'x'.repeat(size) } } },
  });
const certifyRequest = (token: string) =>
  create(identity.CertifyRequestSchema, { token: Buffer.from(token) });
const getRequest = create(destination.GetDestinationSchema, { path: 'web:80' });
const { certify } = identity.Identity.method;
const { get, getProfile } = destination.Destination.method;
const soon = { timeoutMs: 5000 };

/** Starts a stream and shows what came of it. */
function watch(client: GrpcClient) {
  const seen = { messages: [] as destination.Update[], outcome: undefined as GrpcOutcome | undefined };
  const stream = client.stream(get, {
    request: getRequest,
    onMessage: (message) => seen.messages.push(message),
    onEnd: (outcome) => {
      seen.outcome = outcome;
    },
  });
  return { seen, stream };
}

describe('GrpcClient with a server of grpc-js', () => {
  it('makes unary calls', async () => {
    const { client } = await serve({ certify: (token) => `leaf of ${token}` });
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((t) => client.unary(certify, certifyRequest(t), soon)),
    );
    expect(answers.map((answer) => Buffer.from(answer.leafCertificate).toString())).toEqual([
      'leaf of a',
      'leaf of b',
      'leaf of c',
    ]);
  });

  it('fails a unary call with the status and the message of the server', async () => {
    const { client } = await serve({});
    const call = client.unary(getProfile, getRequest, soon);
    await expect(call).rejects.toMatchObject({
      status: GrpcStatus.InvalidArgument,
      message: 'pröfiles: 100 %',
    });
  });

  it('fails a unary call that takes too long', async () => {
    const { client } = await serve({ get: () => {} });
    const call = client.unary(get, getRequest, { timeoutMs: 50 });
    await expect(call).rejects.toMatchObject({ status: GrpcStatus.DeadlineExceeded });
  });

  it('reads a stream of small and large messages to its end', async () => {
    const sizes = [1, 100, 70_000, 0, 2_000_000, 5];
    const { client } = await serve({
      get: (stream) => {
        for (const size of sizes) stream.send(labelled(size));
        stream.end();
      },
    });
    const { seen } = watch(client);
    await until(() => seen.outcome !== undefined, 'the end');
    expect(seen.outcome?.code).toBe(GrpcStatus.Ok);
    const got = seen.messages.map(
      ({ update }) => update.case === 'add' && update.value.metricLabels['filler']?.length,
    );
    expect(got).toEqual(sizes);
  });

  it('tells how a stream failed', async () => {
    const { client } = await serve({
      get: (stream) => {
        stream.send(noEndpoints(true));
        stream.fail(new GrpcError(GrpcStatus.NotFound, 'no such service'));
      },
    });
    const { seen } = watch(client);
    await until(() => seen.outcome !== undefined, 'the end');
    expect(seen.messages.length).toBe(1);
    expect(seen.outcome).toEqual({ code: GrpcStatus.NotFound, message: 'no such service' });
  });

  it('cancels a stream: the server hears it, the caller nothing more', async () => {
    let closed = false;
    const { client, connection } = await serve({
      get: (stream) => {
        stream.onClose(() => {
          closed = true;
        });
        stream.send(noEndpoints(false));
      },
    });
    const { seen, stream } = watch(client);
    await until(() => seen.messages.length === 1, 'a message');
    stream?.cancel();
    await until(() => closed, 'the cancellation');
    expect([seen.outcome, connection.activeStreams]).toEqual([undefined, 0]);
  });

  it('ends streams as unavailable when the connection is lost', async () => {
    const { client, connection } = await serve({ get: (stream) => stream.send(noEndpoints(true)) });
    const { seen } = watch(client);
    await until(() => seen.messages.length === 1, 'a message');
    connection.wire.destroy();
    await until(() => seen.outcome !== undefined, 'the end');
    expect(seen.outcome?.code).toBe(GrpcStatus.Unavailable);
    expect(watch(client).seen.outcome?.code).toBe(GrpcStatus.Unavailable);
  });

  it('ends calls as unavailable where there is no connection', async () => {
    const client = new GrpcClient({ authority: 'x', connection: () => undefined });
    await expect(client.unary(certify, certifyRequest('a'), soon)).rejects.toMatchObject({
      status: GrpcStatus.Unavailable,
    });
  });
});

/** A client whose answers the test writes. */
function scripted(answer: (response: ResponseSink) => void): GrpcClient {
  const http: HttpClient = {
    request: (_head, _end, response) => {
      queueMicrotask(() => answer(response));
      return { requestData() {}, requestTrailers() {}, requestCancelled() {}, responseCredit() {} };
    },
  };
  return new GrpcClient({ authority: 'x', connection: () => http });
}

function headOf(status: number, fields: Record<string, string>): ResponseHead {
  const list = Object.entries(fields).map(([name, value]) => new Field(name, value));
  return new ResponseHead({ status, version: VERSION.http2, fields: list, bodyLength: -1, repeated: false });
}

const GRPC = { 'content-type': 'application/grpc' };

describe('GrpcClient', () => {
  it.each<[string, number, (response: ResponseSink) => void]>([
    ['trailers only', 5, (r) => r.responseHead(headOf(200, { ...GRPC, 'grpc-status': '5' }), true)],
    ['401', 16, (r) => r.responseHead(headOf(401, {}), true)],
    ['403', 7, (r) => r.responseHead(headOf(403, {}), true)],
    ['404', 12, (r) => r.responseHead(headOf(404, {}), false)],
    ['503', 14, (r) => r.responseHead(headOf(503, {}), true)],
    ['418', 2, (r) => r.responseHead(headOf(418, {}), true)],
    ['403 with a gRPC status', 9, (r) => r.responseHead(headOf(403, { 'grpc-status': '9' }), true)],
    ['an answer in HTML', 2, (r) => r.responseHead(headOf(200, { 'content-type': 'text/html' }), false)],
    ['a head without a status', 13, (r) => r.responseHead(headOf(200, GRPC), true)],
    [
      'REFUSED_STREAM',
      14,
      (r) => r.responseFailed({ kind: 'reset', code: 7, message: '', unprocessed: true }),
    ],
    ['CANCEL', 1, (r) => r.responseFailed({ kind: 'reset', code: 8, message: '', unprocessed: false })],
    [
      'ENHANCE_YOUR_CALM',
      8,
      (r) => r.responseFailed({ kind: 'reset', code: 11, message: '', unprocessed: false }),
    ],
    [
      'a lost connection',
      14,
      (r) => r.responseFailed({ kind: 'io', code: 8, message: '', unprocessed: false }),
    ],
    [
      'a body without trailers',
      13,
      (r) => {
        r.responseHead(headOf(200, GRPC), false);
        r.responseData(frameMessage(toBinary(destination.UpdateSchema, noEndpoints(true))), true);
      },
    ],
    [
      'a message cut short',
      13,
      (r) => {
        r.responseHead(headOf(200, GRPC), false);
        r.responseData(Buffer.from([0, 0, 0, 0, 9, 1]), false);
        r.responseTrailers([new Field('grpc-status', '0')]);
      },
    ],
    [
      'a compressed message',
      13,
      (r) => {
        r.responseHead(headOf(200, GRPC), false);
        r.responseData(Buffer.from([1, 0, 0, 0, 0]), false);
      },
    ],
    [
      'a message that is no protobuf',
      13,
      (r) => {
        r.responseHead(headOf(200, GRPC), false);
        r.responseData(frameMessage(Buffer.from([0xff])), false);
      },
    ],
  ])('ends a call with the right status for %s', async (_, code, answer) => {
    const { seen } = watch(scripted(answer));
    await until(() => seen.outcome !== undefined, 'the end');
    expect(seen.outcome?.code).toBe(code);
  });
});

describe('MessageReader', () => {
  it('puts messages together however they are cut', () => {
    const messages = ['', 'a', 'hello', 'x'.repeat(300)];
    const bytes = Buffer.concat(messages.map((text) => frameMessage(Buffer.from(text))));
    for (let size = 1; size < 20; size++) {
      const seen: string[] = [];
      const reader = new MessageReader((message) => seen.push(message.toString()));
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      expect(seen).toEqual(messages);
      expect(reader.isInside).toBe(false);
    }
  });
});

describe('decodeGrpcMessage()', () => {
  it.each([
    ['plain', 'plain'],
    ['100%25 sure', '100% sure'],
    ['pr%C3%B6xy', 'pröxy'],
    ['50% off', '50% off'],
    ['', ''],
  ])('%j', (encoded, text) => {
    expect(decodeGrpcMessage(encoded)).toBe(text);
  });
});

describe('H2ServerConnection', () => {
  it('serves a client of grpc-js', async () => {
    const handler: RequestHandler = {
      handleRequest(head, _end, response) {
        expect(head.path).toBe('/io.linkerd.proxy.identity.Identity/Certify');
        const answer = create(identity.CertifyResponseSchema, { leafCertificate: Buffer.from('leaf') });
        response.responseHead(headOf(200, GRPC), false);
        response.responseData(frameMessage(toBinary(identity.CertifyResponseSchema, answer)), false);
        return {
          requestData: (chunk, end) => {
            response.requestCredit(chunk.length);
            if (end) response.responseTrailers([new Field('grpc-status', '0')]);
          },
          requestTrailers() {},
          requestCancelled() {},
          responseCredit() {},
        };
      },
    };
    const server = await startServer({ handler });
    closing.push(() => server.close());
    const client = createGrpcClient(identity.Identity, { address: `127.0.0.1:${server.port}` });
    closing.push(() => client.close());
    for (let i = 0; i < 5; i++) {
      const answer = await client.certify({ token: Buffer.from('t') });
      expect(Buffer.from(answer.leafCertificate).toString()).toBe('leaf');
    }
    await sleep(5);
  });
});
