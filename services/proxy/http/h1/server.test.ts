import { Agent, request as nodeRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { H2_ERROR, type RequestHandler, type RequestSink, type ServerResponse } from '../exchange.ts';
import { Field } from '../field.ts';
import type { RequestHead } from '../head.ts';
import {
  answer,
  exchangeRaw,
  Gatherer,
  Recorder,
  responseOf,
  startServer,
  type TestServer,
} from './loopback.fixture.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(handler: RequestHandler, headMs?: number): Promise<TestServer> {
  const server = await startServer(handler, headMs);
  servers.push(server);
  return server;
}

const dated = (text: string) => text.replace(/date: [^\r]+/g, 'date: D');

interface NodeAnswer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly trailers: NodeJS.Dict<string>;
}

function ask(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string>; agent?: Agent },
  body: readonly string[] = [],
): Promise<NodeAnswer> {
  return new Promise((resolve, reject) => {
    const call = nodeRequest({ port, host: '127.0.0.1', ...options }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          body: text,
          headers: response.headers,
          trailers: response.trailers,
        }),
      );
    });
    call.on('error', reject);
    for (const part of body) call.write(part);
    call.end();
  });
}

test('H1ServerConnection serves Node’s client: keep-alive, lengths, chunks', async () => {
  const handler = new Recorder((response, head, gathered) =>
    answer(response, 201, `${head.path}:${gathered.body}`),
  );
  const server = await serve(handler);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const plain = await ask(server.port, { path: '/a?b=c', agent });
  const chunked = await ask(server.port, { method: 'POST', path: '/b', agent }, ['one', 'two']);
  const sized = await ask(
    server.port,
    { method: 'PUT', path: '/c', agent, headers: { 'content-length': '5' } },
    ['ab', 'cde'],
  );
  agent.destroy();
  expect([plain.body, chunked.body, sized.body]).toEqual(['/a?b=c:', '/b:onetwo', '/c:abcde']);
  expect(plain.status).toBe(201);
  expect(plain.headers['date']).toBeDefined();
  expect(server.connections.length).toBe(1);
  expect(handler.heads[0]?.authority).toBe(`127.0.0.1:${server.port}`);
  expect(handler.heads.flatMap((head) => head.fields.map((field) => field.name))).toEqual(['content-length']);
  expect(server.options.counters.requests).toBe(3);
});

test('a response of unknown length is chunked, with trailers for who takes them', async () => {
  const server = await serve(
    new Recorder((response) => {
      response.responseHead(responseOf(200, undefined, [new Field('trailer', 'x-sum')]), false);
      response.responseData(Buffer.from('abc'), false);
      response.responseTrailers([new Field('x-sum', '6'), new Field('content-length', '9')]);
    }),
  );
  const taken = await ask(server.port, { headers: { te: 'trailers', connection: 'te' } });
  expect([taken.body, taken.trailers, taken.headers['transfer-encoding']]).toEqual([
    'abc',
    { 'x-sum': '6' },
    'chunked',
  ]);
  expect((await ask(server.port, {})).trailers).toEqual({});
});

test('a hundred pipelined requests are answered in order, however late each answer is', async () => {
  const handler = new Recorder((response, head) => {
    const n = Number(head.path.slice(1));
    if (n % 3 === 0) answer(response, 200, `<${n}>`);
    else setTimeout(() => answer(response, 200, `<${n}>`), n % 4);
  });
  const server = await serve(handler);
  const requests = Array.from({ length: 100 }, (_, i) =>
    i % 10 === 0
      ? `POST /${i} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`
      : `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`,
  );
  const text = await exchangeRaw(server.port, [requests.join('')]);
  expect(text.match(/<\d+>/g)).toEqual(Array.from({ length: 100 }, (_, i) => `<${i}>`));
});

test('more pipelined bytes than may wait stop the reading, and none is lost', async () => {
  const released: (() => void)[] = [];
  const handler = new Recorder((response) => {
    if (handler.heads.length === 1) released.push(() => answer(response, 200, '*'));
    else answer(response, 200, '*');
  });
  const server = await serve(handler);
  const request = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(4000)}\r\n\r\n`;
  const all = exchangeRaw(server.port, [request.repeat(2000)], 1500);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(handler.heads.length).toBe(1);
  expect(server.connections[0]?.wire.socket.bytesRead).toBeLessThan(400_000);
  released[0]?.();
  expect((await all).match(/\*/g)?.length).toBe(2000);
});

test('heads and bodies are the same cut at every byte', async () => {
  const message =
    'POST /x HTTP/1.1\r\nHost: a\r\nX-A:  b c \r\nConnection: x-hop, te\r\nX-Hop: 1\r\nTE: gzip, trailers\r\n' +
    'Keep-Alive: 5\r\nTransfer-Encoding: chunked\r\n\r\n4;e=1\r\nbody\r\n0\r\nX-T: u\r\n\r\n';
  const handler = new Recorder();
  const server = await serve(handler);
  const cuts = Array.from({ length: message.length - 1 }, (_, i) => i + 1);
  await Promise.all(
    cuts.map((cut) => exchangeRaw(server.port, [message.slice(0, cut), message.slice(cut)], 300)),
  );
  expect(handler.heads.length).toBe(cuts.length);
  for (const head of handler.heads) {
    expect(head.fields.map((field) => field.line)).toEqual(['x-a: b c\r\n', 'te: trailers\r\n']);
  }
  for (const gathered of handler.bodies) {
    expect([gathered.body, gathered.trailers?.map((f) => f.line)]).toEqual(['body', ['x-t: u\r\n']]);
  }
});

test('repeated heads give the same object, within a connection and across', async () => {
  const handler = new Recorder();
  const server = await serve(handler);
  const get = 'GET /same HTTP/1.1\r\nHost: a\r\n\r\n';
  await exchangeRaw(server.port, [get, get, get, get], 200);
  await exchangeRaw(server.port, [get, `GET /same2 HTTP/1.1\r\nHost: a\r\n\r\n`], 200);
  const [first, second, third, fourth, fifth, other] = handler.heads;
  expect(first).not.toBe(second);
  expect(first?.repeated).toBe(false);
  expect(second?.repeated).toBe(true);
  expect(third).toBe(second);
  expect(fourth).toBe(second);
  expect(fifth).toBe(second);
  expect(other?.path).toBe('/same2');
});

test('HTTP/1.0: closed by default, kept when asked, ended by the close where no length is known', async () => {
  const server = await serve(
    new Recorder((response, head) => {
      if (head.path === '/sized') {
        answer(response, 200, 'ok');
        return;
      }
      response.responseHead(responseOf(200, undefined), false);
      response.responseData(Buffer.from('abc'), true);
    }),
  );
  const plain = await exchangeRaw(server.port, ['GET /sized HTTP/1.0\r\n\r\n']);
  expect(dated(plain)).toBe(
    'HTTP/1.0 200 OK\r\ncontent-length: 2\r\ndate: D\r\nconnection: close\r\n\r\nok[end]',
  );
  const kept = await exchangeRaw(server.port, ['GET /sized HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n']);
  expect(dated(kept)).toBe(
    'HTTP/1.0 200 OK\r\ncontent-length: 2\r\ndate: D\r\nconnection: keep-alive\r\n\r\nok',
  );
  const unsized = await exchangeRaw(server.port, ['GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n']);
  expect(dated(unsized)).toBe('HTTP/1.0 200 OK\r\ndate: D\r\nconnection: close\r\n\r\nabc[end]');
});

test('connection: close of the client, closeAfter() and shutdown() close after the response', async () => {
  const handler = new Recorder((response, head) => {
    if (head.path === '/after') response.closeAfter();
    if (head.path === '/drain') server.connections.at(-1)?.shutdown();
    answer(response, 200, '');
  });
  const server = await serve(handler);
  const closed = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\ndate: D\r\nconnection: close\r\n\r\n[end]';
  const next = 'GET /next HTTP/1.1\r\n\r\n';
  for (const request of [
    'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    'GET /after HTTP/1.1\r\n\r\n',
    'GET /drain HTTP/1.1\r\n\r\n',
  ]) {
    expect(dated(await exchangeRaw(server.port, [request + next]))).toBe(closed);
  }
  expect(handler.heads.some((head) => head.path === '/next')).toBe(false);
});

test('shutdown() closes an idle connection at once', async () => {
  const server = await serve(new Recorder());
  const idle = exchangeRaw(server.port, ['GET / HTTP/1.1\r\n\r\n'], 2000);
  await expect.poll(() => server.options.counters.requests).toBe(1);
  server.connections[0]?.shutdown();
  expect(await idle).toMatch(/ok\[end\]$/);
});

test('no body goes with HEAD, 204 and 304', async () => {
  const server = await serve(
    new Recorder((response, head) => {
      const status = Number(head.path.slice(1));
      response.responseHead(responseOf(status, status === 204 ? undefined : 'body'), true);
    }),
  );
  const text = await exchangeRaw(server.port, [
    'HEAD /200 HTTP/1.1\r\n\r\nGET /204 HTTP/1.1\r\n\r\nGET /304 HTTP/1.1\r\n\r\n',
  ]);
  expect(dated(text)).toBe(
    'HTTP/1.1 200 OK\r\ncontent-length: 4\r\ndate: D\r\n\r\nHTTP/1.1 204 No Content\r\ndate: D\r\n\r\n' +
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\ndate: D\r\n\r\n',
  );
});

test('Expect: 100-continue is answered when the body is wanted, and not when the answer came first', async () => {
  const handler: RequestHandler = {
    handleRequest(head, _end, response) {
      if (head.path === '/no') answer(response, 413, '');
      return new Gatherer((gathered) => answer(response, 200, gathered.body));
    },
  };
  const server = await serve(handler);
  const fields = 'Host: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
  const wanted = connect({ port: server.port, host: '127.0.0.1' });
  let text = '';
  wanted.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  wanted.write(`POST / HTTP/1.1\r\n${fields}`);
  await expect.poll(() => text, { timeout: 5000 }).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  wanted.write('hi');
  await expect.poll(() => text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*hi$/);
  wanted.destroy();
  const unasked = await exchangeRaw(server.port, [`POST / HTTP/1.1\r\n${fields}`, 'hi']);
  expect(unasked).toMatch(/^HTTP\/1\.1 200 OK\r\n(?![\s\S]*connection: close)[\s\S]*hi$/);
  const refused = await exchangeRaw(server.port, [`POST /no HTTP/1.1\r\n${fields}`], 2000);
  expect(refused).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close\r\n\r\n\[end\]$/);
});

test('a response before the end of the request keeps the connection if little is left, else closes it gently', async () => {
  const paths: string[] = [];
  const sinks: Gatherer[] = [];
  const server = await serve({
    handleRequest(head, _end, response) {
      paths.push(head.path);
      const sink = new Gatherer();
      sinks.push(sink);
      answer(response, 403, '');
      return sink;
    },
  });
  const small = `POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\n${'x'.repeat(10)}GET /b HTTP/1.1\r\n\r\n`;
  expect((await exchangeRaw(server.port, [small])).match(/403/g)?.length).toBe(2);
  expect(paths).toEqual(['/a', '/b']);
  expect(sinks[0]?.cancelled).toBe(H2_ERROR.noError);
  const large = [
    `POST /c HTTP/1.1\r\nContent-Length: 500000\r\n\r\n`,
    'x'.repeat(500_000),
    'GET /d HTTP/1.1\r\n\r\n',
  ];
  expect(await exchangeRaw(server.port, large, 3000)).toMatch(/^HTTP\/1\.1 403 [^[]*\[end\]$/);
  expect(paths).toEqual(['/a', '/b', '/c']);
});

test.each(['with a FIN', 'with a reset'])('a client that goes away %s cancels its request', async (how) => {
  const sink = new Gatherer();
  let closed = 0;
  const server = await serve({
    handleRequest: () => sink,
    handleClosed: () => {
      closed++;
    },
  });
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => server.options.counters.requests).toBe(1);
  if (how === 'with a FIN') socket.destroy();
  else socket.resetAndDestroy();
  await expect.poll(() => closed, { timeout: 8000 }).toBe(1);
  expect(sink.cancelled).toBe(H2_ERROR.cancel);
});

test('a response that fails midway or breaks its length ends the connection short', async () => {
  const server = await serve(
    new Recorder((response, head) => {
      if (head.path === '/long') {
        response.responseHead(responseOf(200, 'ab'), false);
        response.responseData(Buffer.from('abc'), true);
        return;
      }
      response.responseHead(responseOf(200, head.path === '/short' ? 'abc' : undefined), false);
      response.responseData(Buffer.from('a'), head.path === '/short');
      response.responseFailed({ kind: 'io', code: 2, message: 'gone', unprocessed: false });
    }),
  );
  const body = async (request: string) => (await exchangeRaw(server.port, [request])).split('\r\n\r\n')[1];
  expect(await body('GET /short HTTP/1.1\r\n\r\n')).toBe('a[end]');
  expect(await body('GET /long HTTP/1.1\r\n\r\n')).toBe('[end]');
  expect(await body('GET /chunked HTTP/1.1\r\n\r\n')).toBe('1\r\na\r\n[end]');
  expect(await exchangeRaw(server.port, ['GET /old HTTP/1.0\r\n\r\n'])).toMatch(/\[reset\]$/);
});

test('without credit reading stops: a slow service holds 10 MB back at the client', async () => {
  let response: ServerResponse | undefined;
  let got = 0;
  let ended = false;
  const sink: RequestSink = {
    requestData(chunk, end) {
      got += chunk.length;
      ended = end;
    },
    requestTrailers() {},
    requestCancelled() {},
    responseCredit() {},
  };
  const server = await serve({
    handleRequest(_head: RequestHead, _end: boolean, to: ServerResponse) {
      response = to;
      return sink;
    },
  });
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.write('POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n');
  socket.write(Buffer.alloc(10_000_000));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(got).toBeLessThan(131_072 + 70_000);
  let credited = 0;
  await expect
    .poll(
      () => {
        response?.requestCredit(got - credited);
        credited = got;
        return ended;
      },
      { interval: 1, timeout: 5000 },
    )
    .toBe(true);
  expect(got).toBe(10_000_000);
  socket.destroy();
});

test('a slow client gets no more credit than its backlog allows, and all bytes in the end', async () => {
  const size = 65_536;
  let response: ServerResponse | undefined;
  const sink = new Gatherer();
  const server = await serve({
    handleRequest(_head: RequestHead, _end: boolean, to: ServerResponse) {
      response = to;
      return sink;
    },
  });
  const socket = connect({ port: server.port, host: '127.0.0.1' }).pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => response).toBeDefined();
  response?.responseHead(responseOf(200, undefined), false);
  let sent = 0;
  // A service that keeps to its credit with a window of one chunk.
  const pump = () => {
    while (sent - sink.credited < size && sent < 16_000_000) {
      response?.responseData(Buffer.alloc(size, 'x'), false);
      sent += size;
    }
  };
  for (let i = 0; i < 200; i++) {
    pump();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(16_000_000);
  expect(server.connections[0]?.wire.backlog).toBeLessThan(500_000);
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  socket.resume();
  await expect
    .poll(
      () => {
        pump();
        return sent;
      },
      { interval: 1, timeout: 5000 },
    )
    .toBeGreaterThanOrEqual(16_000_000);
  response?.responseData(Buffer.alloc(0), true);
  await expect.poll(() => received).toBeGreaterThan(16_000_000);
  socket.destroy();
});

/** Writes a piece every 20 ms until told to stop. */
function drip(port: number, pieces: (i: number) => string) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  let i = 0;
  const timer = setInterval(() => socket.write(pieces(i++)), 20);
  return {
    read: () => text,
    stop() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}

const saysHello = () => new Recorder((response) => answer(response, 200, 'hello'));

test('a head that comes by bytes and never ends gets 408 and a close; the counter says so', async () => {
  const { port, options } = await serve(saysHello(), 300);
  const client = drip(port, (i) => (i === 0 ? 'GET / HTTP/1.1\r\nx: ' : 'a'));
  await expect.poll(client.read, { timeout: 8000 }).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  client.stop();
  expect(options.counters).toMatchObject({ requests: 0, unfinished: 1, malformed: 0 });
});

test('the rest of a pipeline that never comes gets 408 too', async () => {
  const { port, options } = await serve(saysHello(), 300);
  const client = drip(port, (i) => (i === 0 ? 'GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HT' : ''));
  await expect.poll(client.read, { timeout: 8000 }).toContain('helloHTTP/1.1 408 ');
  client.stop();
  expect(options.counters).toMatchObject({ requests: 1, unfinished: 1 });
});

test('heads that come in pieces, each of them in time, are served for as long as the client likes', async () => {
  const { port, options } = await serve(saysHello(), 900);
  const client = drip(port, (i) => (i % 2 === 0 ? 'GET / HTTP/1.1\r\nhost: a' : '\r\n\r\n'));
  await expect.poll(() => options.counters.requests, { timeout: 9000 }).toBeGreaterThan(80);
  client.stop();
  expect(options.counters.unfinished).toBe(0);
});
