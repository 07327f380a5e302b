import { afterEach, describe, expect, it } from 'vitest';
import { H2_ERROR, type RequestHandler } from '../exchange.ts';
import { Field } from '../field.ts';
import { ResponseHead } from '../head.ts';
import { type ClientState, H2ClientConnection } from './client-connection.ts';
import { DEFAULT_H2_CONFIG } from './config.ts';
import { FLAG, FRAME } from './frame.ts';
import {
  Collector,
  connectClient,
  echo,
  frame,
  keepRequests,
  type Listening,
  listenSockets,
  RawPeer,
  requestHead,
  responseHead,
  send,
  startServer,
  u32,
  until,
} from './loopback.testing.ts';

const open: Listening[] = [];
afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close();
});

async function serve(handler: RequestHandler, config = DEFAULT_H2_CONFIG) {
  const server = await startServer({ handler, config });
  open.push(server);
  return server;
}

/** A scripted server; `peer` is its side of the one connection. */
async function script(): Promise<{ port: number; peer: () => Promise<RawPeer> }> {
  let peer: RawPeer | undefined;
  const listening = await listenSockets((socket) => {
    peer = new RawPeer(socket, 24);
    peer.write(frame(FRAME.settings));
  });
  open.push(listening);
  const found = async () => {
    await until(() => peer !== undefined, 'a connection');
    return peer as RawPeer;
  };
  return { port: listening.port, peer: found };
}

const END = FLAG.endStream | FLAG.endHeaders;
const post = requestHead({ method: 'POST', bodyLength: -1 });
const status = (streamId: number, byte: number, flags = END) =>
  frame(FRAME.headers, { streamId, flags, payload: Buffer.from([byte]) });

describe('H2ClientConnection with H2ServerConnection', () => {
  it('echoes bodies, empty to 3 MB, whole', async () => {
    const { port } = await serve(echo);
    const client = await connectClient(port);
    for (const size of [0, 1, 16_384, 65_535, 65_536, 3_000_000]) {
      const body = Buffer.alloc(size, 'abcdefg');
      const response = await send(client, post, body.length > 0 ? body : undefined);
      expect(response.bytes.equals(body)).toBe(true);
      expect(response.credited).toBe(size);
    }
    client.shutdown();
  });

  it('carries trailers both ways', async () => {
    const { port } = await serve(echo);
    const client = await connectClient(port);
    const response = new Collector();
    response.request = client.request(post, false, response);
    response.request.requestData(Buffer.from('hi'), false);
    response.request.requestTrailers([new Field('x-sum', '42')]);
    await response.done();
    expect(response.bytes.toString()).toBe('hi');
    expect(response.trailers?.map((field) => field.line)).toEqual(['x-sum: 42\r\n']);
    client.shutdown();
  });

  it('adds a date, and keeps one that is there', async () => {
    const handler: RequestHandler = {
      handleRequest(head, _end, response) {
        response.responseHead(
          head.path === '/dated' ? responseHead(200, { date: 'then' }) : responseHead(200),
          true,
        );
        return { requestData() {}, requestTrailers() {}, requestCancelled() {}, responseCredit() {} };
      },
    };
    const { port } = await serve(handler);
    const client = await connectClient(port);
    for (let i = 0; i < 4; i++) {
      const plain = await send(client, requestHead());
      expect(plain.head?.fields.map((field) => field.name)).toEqual(['date']);
      expect(Math.abs(Date.parse(plain.head?.fields[0]?.value ?? '') - Date.now())).toBeLessThan(3000);
    }
    const dated = await send(client, requestHead({ path: '/dated' }));
    expect(dated.head?.fields.map((field) => field.value)).toEqual(['then']);
    client.shutdown();
  });

  it('sends heads of 40 KB in CONTINUATION frames', async () => {
    const { port } = await serve(echo, { ...DEFAULT_H2_CONFIG, maxHeaderListBytes: 100_000 });
    const client = await connectClient(port, {
      config: { ...DEFAULT_H2_CONFIG, maxHeaderListBytes: 100_000 },
    });
    const fields = Array.from({ length: 10 }, (_, i) => new Field(`x-${i}`, `${i}`.repeat(4000)));
    const response = await send(client, requestHead({ fields }));
    expect(
      response.head?.fields.filter((field) => field.name !== 'date').map((field) => field.value),
    ).toEqual(fields.map((field) => field.value));
    client.shutdown();
  });

  it('keeps 500 requests of which 7 may be open at once in order, and loses none', async () => {
    const { port } = await serve(echo, { ...DEFAULT_H2_CONFIG, maxConcurrentStreams: 7 });
    const client = await connectClient(port);
    await send(client, requestHead());
    const bodies = Array.from({ length: 500 }, (_, i) => Buffer.alloc(1 + ((i * 37) % 5000), `${i}`));
    const responses = await Promise.all(bodies.map((body) => send(client, post, body)));
    expect(client.waitingRequests).toBe(0);
    expect(responses.every((response, i) => response.bytes.equals(bodies[i] as Buffer))).toBe(true);
    client.shutdown();
  });

  it('passes a client reset to the handler, and a handler failure to the client', async () => {
    const handler = keepRequests();
    const { port } = await serve(handler);
    const client = await connectClient(port);
    const [first, second] = [new Collector(), new Collector()];
    client.request(post, false, first).requestCancelled(H2_ERROR.cancel);
    client.request(post, false, second);
    await until(() => handler.seen.length === 2, 'the requests');
    await until(() => handler.seen[0]?.cancelled === H2_ERROR.cancel, 'the reset');
    handler.seen[1]?.response.responseFailed({ kind: 'reset', code: 7, message: '', unprocessed: true });
    await second.done();
    expect(second.failure).toMatchObject({ kind: 'reset', code: H2_ERROR.refusedStream, unprocessed: true });
    expect(first.failure).toBeUndefined();
    client.shutdown();
  });

  it('holds the producer back while the consumer gives no credit', async () => {
    const handler = keepRequests();
    const { port } = await serve(handler);
    const client = await connectClient(port);
    const response = new Collector();
    response.holding = true;
    response.request = client.request(requestHead(), true, response);
    await until(() => handler.seen.length === 1, 'the request');
    const server = handler.seen[0]!;
    server.response.responseHead(responseHead(200), false);
    server.response.responseData(Buffer.alloc(200_000), true);
    await until(() => response.bytes.length === 65_535, 'a window of bytes');
    expect(server.credited).toBe(65_535);
    response.request.responseCredit(40_000);
    await until(() => response.bytes.length === 105_535, 'what was credited');
    response.holding = false;
    response.request.responseCredit(65_535);
    await response.done();
    expect(response.bytes.length).toBe(200_000);
    client.shutdown();
  });

  it('is not starved by a handler that answers without reading', async () => {
    const handler: RequestHandler = {
      handleRequest(_head, _end, response) {
        response.responseHead(responseHead(404), true);
        return { requestData() {}, requestTrailers() {}, requestCancelled() {}, responseCredit() {} };
      },
    };
    const { port } = await serve(handler);
    const client = await connectClient(port);
    for (let i = 0; i < 50; i++) {
      const response = new Collector();
      const request = client.request(post, false, response);
      request.requestData(Buffer.alloc(60_000), true);
      await until(() => response.credited === 60_000, `body ${i}`);
    }
    client.shutdown();
  });

  it('sends the whole of a large last response before it closes', async () => {
    const handler = keepRequests();
    const { port } = await serve(handler);
    const client = await connectClient(port);
    const response = new Collector();
    response.request = client.request(requestHead(), true, response);
    await until(() => handler.seen.length === 1, 'the request');
    const { response: answer } = handler.seen[0]!;
    answer.closeAfter();
    answer.responseHead(responseHead(200), false);
    answer.responseData(Buffer.alloc(5_000_000), true);
    await response.done();
    expect(response.failure).toBeUndefined();
    expect(response.bytes.length).toBe(5_000_000);
    await until(() => client.state === 'closed', 'the close');
  });

  it('drains on closeAfter(): the answer comes, the client turns to draining and closes', async () => {
    const handler: RequestHandler = {
      handleRequest(_head, _end, response) {
        response.closeAfter();
        response.responseHead(new ResponseHead({ ...responseHead(503), bodyLength: 0 }), true);
        return { requestData() {}, requestTrailers() {}, requestCancelled() {}, responseCredit() {} };
      },
    };
    const { port } = await serve(handler);
    const states: ClientState[] = [];
    let closed = 0;
    const client = await connectClient(port, {
      onStateChange: (state) => states.push(state),
      onClosed: () => closed++,
    });
    const response = await send(client, requestHead());
    expect(response.head?.status).toBe(503);
    await until(() => closed === 1, 'the close');
    expect(states).toEqual(['draining', 'closed']);
    const late = await send(client, requestHead());
    expect(late.failure).toMatchObject({ kind: 'goaway', unprocessed: true });
  });
});

describe('H2ClientConnection', () => {
  it('sends at most 100 requests before the settings of the server', async () => {
    let sockets = 0;
    const silent = await listenSockets(() => sockets++);
    open.push(silent);
    const client = await connectClient(silent.port);
    for (let i = 0; i < 150; i++) client.request(requestHead(), true, new Collector());
    expect([client.activeStreams, client.waitingRequests]).toEqual([100, 50]);
    client.wire.destroy();
  });

  it('fails what GOAWAY says was not looked at as unprocessed, and lets the rest finish', async () => {
    const { port, peer } = await script();
    const client = await connectClient(port);
    const responses = [0, 1, 2].map(() => new Collector());
    for (const response of responses) client.request(requestHead(), true, response);
    const server = await peer();
    await server.frame(FRAME.headers, 5);
    server.write(frame(FRAME.goAway, { payload: Buffer.concat([u32(1), u32(0)]) }));
    await responses[1]?.done();
    expect(responses[1]?.failure).toMatchObject({ kind: 'goaway', unprocessed: true });
    expect(responses[2]?.failure).toMatchObject({ kind: 'goaway', unprocessed: true });
    expect(client.state).toBe('draining');
    expect(client.canTakeRequest).toBe(false);
    server.write(status(1, 0x88));
    await responses[0]?.done();
    expect(responses[0]?.head?.status).toBe(200);
    await until(() => client.state === 'closed', 'the close');
  });

  it('swallows interim responses', async () => {
    const { port, peer } = await script();
    const client = await connectClient(port);
    const response = new Collector();
    client.request(requestHead(), true, response);
    const server = await peer();
    await server.frame(FRAME.headers, 1);
    const interim = frame(FRAME.headers, {
      streamId: 1,
      flags: 4,
      payload: Buffer.from('0803313033', 'hex'),
    });
    server.write(interim, interim, status(1, 0x89));
    await response.done();
    expect(response.head?.status).toBe(204);
    client.wire.destroy();
  });

  it.each<[string, Buffer]>([
    ['DATA before a head', frame(FRAME.data, { streamId: 1, flags: 1, payload: Buffer.from('x') })],
    [
      'an interim response that ends the stream',
      frame(FRAME.headers, { streamId: 1, flags: END, payload: Buffer.from('0803313033', 'hex') }),
    ],
    ['a head without :status', status(1, 0x90)],
    [
      'trailers without END_STREAM',
      Buffer.concat([status(1, 0x88, 4), frame(FRAME.headers, { streamId: 1, flags: 4 })]),
    ],
    [
      'a content-length that the body lacks',
      frame(FRAME.headers, { streamId: 1, flags: END, payload: Buffer.from('880f0d0133', 'hex') }),
    ],
  ])('resets a stream with %s', async (_, bytes) => {
    const { port, peer } = await script();
    const client = await connectClient(port);
    const response = new Collector();
    client.request(requestHead(), true, response);
    const server = await peer();
    await server.frame(FRAME.headers, 1);
    server.write(bytes);
    await until(() => response.failure !== undefined, 'the failure');
    expect(response.failure).toMatchObject({
      kind: 'protocol',
      code: H2_ERROR.protocolError,
      unprocessed: false,
    });
    expect(await server.resetCode(1)).toBe(H2_ERROR.protocolError);
    client.wire.destroy();
  });

  it('takes a content-length without a body in answer to HEAD', async () => {
    const { port, peer } = await script();
    const client = await connectClient(port);
    const response = new Collector();
    client.request(requestHead({ method: 'HEAD' }), true, response);
    const server = await peer();
    await server.frame(FRAME.headers, 1);
    server.write(
      frame(FRAME.headers, { streamId: 1, flags: END, payload: Buffer.from('880f0d0133', 'hex') }),
    );
    await response.done();
    expect(response.head?.bodyLength).toBe(3);
    client.wire.destroy();
  });

  it('throws the rest of a request away when the server has answered in full and resets', async () => {
    const { port, peer } = await script();
    const client = await connectClient(port);
    const response = new Collector();
    const request = client.request(post, false, response);
    request.requestData(Buffer.alloc(100_000), false);
    const server = await peer();
    await server.frame(FRAME.headers, 1);
    server.write(status(1, 0x88), frame(FRAME.rstStream, { streamId: 1, payload: u32(0) }));
    await response.done();
    await until(() => response.credited === 100_000, 'the credit');
    request.requestData(Buffer.alloc(500), true);
    expect(response.credited).toBe(100_500);
    expect(response.failure).toBeUndefined();
    client.wire.destroy();
  });

  it('fails every request when the connection is lost: sent ones as io, waiting ones as unprocessed', async () => {
    const { port, peer } = await script();
    let closed = 0;
    const client = await connectClient(port, { onClosed: () => closed++ });
    const responses = Array.from({ length: 101 }, () => new Collector());
    for (const response of responses) client.request(requestHead(), true, response);
    const server = await peer();
    await server.frame(FRAME.headers, 199);
    server.socket.destroy();
    await Promise.all(responses.map((response) => response.done()));
    expect(responses[0]?.failure).toMatchObject({ kind: 'io', unprocessed: false });
    expect(responses[100]?.failure).toMatchObject({ kind: 'io', unprocessed: true });
    await until(() => closed === 1, 'onClosed');
    expect(client.state).toBe('closed');
  });

  it('gives a silent connection up after its keep-alive', async () => {
    const silent = await listenSockets(() => {});
    open.push(silent);
    let error: Error | undefined;
    const keepAlive = { intervalMs: 20, timeoutMs: 20, whileIdle: false };
    const client = await connectClient(silent.port, {
      config: { ...DEFAULT_H2_CONFIG, keepAlive },
      onClosed: (cause) => {
        error = cause;
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.state).toBe('open');
    const response = await send(client, requestHead());
    expect(response.failure).toMatchObject({ kind: 'io' });
    expect(error?.message).toContain('keep-alive');
  });

  it('keeps a connection that answers its pings', async () => {
    const handler = keepRequests();
    const { port } = await serve(handler);
    const keepAlive = { intervalMs: 10, timeoutMs: 30, whileIdle: true };
    const client = await connectClient(port, { config: { ...DEFAULT_H2_CONFIG, keepAlive } });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(client.state).toBe('open');
    client.shutdown();
    await until(() => client.state === 'closed', 'the close');
    expect(client).toBeInstanceOf(H2ClientConnection);
  });
});
