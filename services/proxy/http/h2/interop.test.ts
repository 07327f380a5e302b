import { once } from 'node:events';
import http2, { type ClientHttp2Session, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { H2_ERROR } from '../exchange.ts';
import { Field } from '../field.ts';
import {
  Collector,
  connectClient,
  echo,
  keepRequests,
  requestHead,
  responseHead,
  send,
  startServer,
  until,
} from './loopback.testing.ts';

/** Against Node's http2 (nghttp2), over real sockets, both ways. */
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const MEGABYTE = Buffer.alloc(1_000_000, 'mesh');
const post = requestHead({ method: 'POST', bodyLength: -1, authority: 'web.shop:80' });

async function connectNode(port: number): Promise<ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  closing.push(() => session.destroy());
  await once(session, 'connect');
  return session;
}

interface NodeAnswer {
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: http2.IncomingHttpHeaders;
}

async function request(
  session: ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
): Promise<NodeAnswer> {
  const stream = session.request(headers, {
    waitForTrailers: headers['x-trailers'] === 'yes',
    endStream: !body,
  });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
  if (body !== undefined) stream.end(body);
  const parts: Buffer[] = [];
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('data', (part: Buffer) => parts.push(part));
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  if (!stream.readableEnded) await once(stream, 'end');
  return { headers: head, body: Buffer.concat(parts), trailers };
}

async function serveOurs(handler: Parameters<typeof startServer>[0]['handler']) {
  const server = await startServer({ handler });
  closing.push(() => server.close());
  return server;
}

describe('H2ServerConnection with a client of node:http2', () => {
  it('echoes 1 MB and trailers', async () => {
    const session = await connectNode((await serveOurs(echo)).port);
    const answer = await request(session, { ':method': 'POST', 'x-trailers': 'yes' }, MEGABYTE);
    expect(answer.headers[':status']).toBe(200);
    expect(answer.headers['x-trailers']).toBe('yes');
    expect(answer.body.equals(MEGABYTE)).toBe(true);
    expect(answer.trailers['x-sum']).toBe('42');
  });

  it('serves 300 varied requests at once', async () => {
    const session = await connectNode((await serveOurs(echo)).port);
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        request(
          session,
          { ':method': 'POST', ':path': `/${i % 9}`, 'x-id': `${i}`, [`x-n${i % 40}`]: 'v'.repeat(i % 90) },
          Buffer.alloc(i * 20, `${i}`),
        ),
      ),
    );
    answers.forEach((answer, i) => {
      expect(answer.headers['x-id']).toBe(`${i}`);
      expect(answer.body.length).toBe(i * 20);
    });
  });

  it('survives settings that change while bodies flow', async () => {
    const session = await connectNode((await serveOurs(echo)).port);
    const answers = Array.from({ length: 4 }, () => request(session, { ':method': 'POST' }, MEGABYTE));
    for (const initialWindowSize of [1, 1000, 200_000]) {
      session.settings({ initialWindowSize, headerTableSize: initialWindowSize % 4096 });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const answer of await Promise.all(answers)) expect(answer.body.equals(MEGABYTE)).toBe(true);
    expect((await request(session, { ':method': 'POST', 'x-a': 'b' }, MEGABYTE)).headers['x-a']).toBe('b');
  });

  it('passes resets both ways', async () => {
    const handler = keepRequests();
    const session = await connectNode((await serveOurs(handler)).port);
    const [first, second] = [session.request({ ':path': '/1' }), session.request({ ':path': '/2' })];
    first.on('error', () => {});
    await until(() => handler.seen.length === 2, 'the requests');
    first.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => handler.seen[0]?.cancelled === H2_ERROR.cancel, 'the reset');
    handler.seen[1]?.response.responseHead(responseHead(200), false);
    handler.seen[1]?.response.responseFailed({ kind: 'io', code: 2, message: '', unprocessed: false });
    const [error] = (await once(second, 'error')) as [Error];
    expect(error.message).toContain('NGHTTP2_INTERNAL_ERROR');
  });

  it('drains: what runs is finished, then the session closes', async () => {
    const handler = keepRequests();
    const server = await serveOurs(handler);
    const session = await connectNode(server.port);
    const answer = request(session, { ':path': '/' });
    await until(() => handler.seen.length === 1, 'the request');
    server.connections[0]?.shutdown();
    await once(session, 'goaway');
    handler.seen[0]?.response.responseHead(responseHead(200), false);
    handler.seen[0]?.response.responseData(Buffer.from('late'), true);
    expect((await answer).body.toString()).toBe('late');
    await until(() => session.closed, 'the close');
  });
});

async function serveNode(
  onStream: (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
  settings: http2.Settings = {},
): Promise<{ port: number; server: Http2Server }> {
  const server = http2.createServer({ settings });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const session of sessions) session.destroy();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, server };
}

async function connectOurs(port: number) {
  const client = await connectClient(port);
  closing.push(() => client.wire.destroy());
  return client;
}

const nodeEcho = (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
  stream.respond(
    { ':status': 201, 'x-id': headers['x-id'] ?? '', 'set-cookie': ['a=1', 'b=2'] },
    { waitForTrailers: true },
  );
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-echo': trailers['x-sum'] ?? 'none' }));
  stream.pipe(stream);
};

describe('H2ClientConnection with a server of node:http2', () => {
  it('sends and receives 1 MB, repeated fields and trailers', async () => {
    const client = await connectOurs((await serveNode(nodeEcho)).port);
    const response = await send(client, post, MEGABYTE);
    expect(response.head?.status).toBe(201);
    expect(
      response.head?.fields.filter((field) => field.name === 'set-cookie').map((field) => field.value),
    ).toEqual(['a=1', 'b=2']);
    expect(response.bytes.equals(MEGABYTE)).toBe(true);
    expect(response.trailers?.[0]?.line).toBe('x-echo: none\r\n');
    const second = new Collector();
    second.request = client.request(post, false, second);
    second.request.requestTrailers([new Field('x-sum', '7')]);
    await second.done();
    expect(second.trailers?.[0]?.line).toBe('x-echo: 7\r\n');
  });

  it('keeps 400 requests apart, with a server that takes 10 at once', async () => {
    const { port } = await serveNode(nodeEcho, { maxConcurrentStreams: 10, headerTableSize: 300 });
    const client = await connectOurs(port);
    await send(client, requestHead());
    const agent = new Field('user-agent', 'mesh-test/1.0 with some length to it');
    const responses = await Promise.all(
      Array.from({ length: 400 }, (_, i) => {
        const fields = [
          agent,
          new Field('x-id', `${i}`),
          new Field('authorization', 'Bearer t'),
          new Field(`x-${i % 50}`, `${i % 7}`),
        ];
        return send(
          client,
          requestHead({ method: 'POST', path: `/p/${i % 20}`, fields, bodyLength: -1 }),
          Buffer.alloc(1 + i * 10, `${i}`),
        );
      }),
    );
    responses.forEach((response, i) => {
      expect(response.head?.fields[0]?.value).toBe(`${i}`);
      expect(response.bytes.length).toBe(1 + i * 10);
    });
  });

  it('maps resets of the server', async () => {
    const { port } = await serveNode((stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM));
    const client = await connectOurs(port);
    const { failure } = await send(client, requestHead());
    expect(failure).toMatchObject({ kind: 'reset', code: H2_ERROR.refusedStream, unprocessed: true });
  });

  it('survives settings that change while bodies flow', async () => {
    const { port, server } = await serveNode(nodeEcho);
    const session = once(server, 'session');
    const client = await connectOurs(port);
    const responses = Array.from({ length: 4 }, () => send(client, post, MEGABYTE));
    const [peer] = (await session) as [http2.ServerHttp2Session];
    for (const initialWindowSize of [1, 1000, 200_000]) {
      peer.settings({ initialWindowSize, headerTableSize: initialWindowSize % 4096 });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const response of await Promise.all(responses)) expect(response.bytes.equals(MEGABYTE)).toBe(true);
  });
});
