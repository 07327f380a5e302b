import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ResponseSink, StreamFailure } from '../exchange.ts';
import { Field } from '../field.ts';
import { RequestHead, type RequestHeadInit, VERSION } from '../head.ts';
import { H1ClientPool } from './client-pool.ts';
import { createPool, IGNORE, listenOn, send, serveRaw, wireOn } from './loopback.fixture.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const serve = (onData: (socket: Socket, text: string) => void) => serveRaw(closers, onData);

async function serveNode(listener: Parameters<typeof createHttpServer>[1]): Promise<number> {
  const server: HttpServer = createHttpServer(listener);
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return listenOn(server);
}

/** Answers every whole head with `response`. */
const answering = (response: string) =>
  serve((socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(response, 'latin1');
  });

function get(path: string, init: Partial<RequestHeadInit> = {}): RequestHead {
  return new RequestHead({
    method: 'GET',
    scheme: 'http',
    authority: 'shop.example',
    path,
    version: VERSION.http11,
    fields: [],
    bodyLength: 0,
    absoluteForm: false,
    upgrade: '',
    repeated: false,
    ...init,
  });
}

const post = (init: Partial<RequestHeadInit> = {}) =>
  get('/post', { method: 'POST', bodyLength: -1, ...init });

test('H1ClientPool speaks with Node’s server: lengths, chunks, trailers, keep-alive', async () => {
  const port = await serveNode((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.url === '/sized') {
        response.setHeader('content-length', 2).end('ok');
        return;
      }
      response.setHeader('trailer', 'x-sum');
      response.write(`${request.headers.host}|${request.headers['a']}|${body}`);
      response.addTrailers({ 'x-sum': String(request.trailers['x-in'] ?? 'none') });
      response.end();
    });
  });
  const { pool, opened } = createPool(port);
  const sized = await send(pool, get('/sized'));
  const plain = await send(pool, get('/x', { fields: [new Field('a', 'b')] }));
  const chunked = await send(pool, post(), (sink) => {
    sink.requestData(Buffer.from('one'), false);
    sink.requestData(Buffer.from('two'), false);
    sink.requestTrailers([new Field('x-in', '7'), new Field('host', 'evil')]);
  });
  expect([sized.body, sized.head?.bodyLength, plain.body, chunked.body]).toEqual([
    'ok',
    2,
    'shop.example|b|',
    'shop.example|undefined|onetwo',
  ]);
  expect(chunked.trailers?.map((field) => field.line)).toEqual(['x-sum: 7\r\n']);
  expect(plain.head?.fields.map((field) => field.name)).toEqual(['trailer', 'date']);
  expect(plain.trailers?.map((field) => field.value)).toEqual(['none']);
  expect(opened.length).toBe(1);
  expect(pool.idleConnections).toBe(1);
  pool.close();
});

test('a megabyte each way through Node’s server', async () => {
  const port = await serveNode((request, response) => request.pipe(response));
  const { pool } = createPool(port);
  const size = 1_048_576;
  const fields = [new Field('content-length', String(size))];
  const echoed = await send(pool, post({ fields, bodyLength: size }), (sink) => {
    for (let i = 0; i < 16; i++) sink.requestData(Buffer.alloc(65_536, 97 + i), i === 15);
  });
  expect(echoed.body.length).toBe(size);
  expect(echoed.body.at(-1)).toBe('p');
  pool.close();
});

test('requests are written as the head says, and the text is kept on heads that repeat', async () => {
  const seen: string[] = [];
  const port = await serve((socket, text) => {
    if (!text.endsWith('\r\n\r\n')) return;
    seen.push(text);
    socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
  });
  const { pool } = createPool(port);
  const te = [new Field('te', 'trailers'), new Field('x', 'y')];
  const repeated = get('/r', { repeated: true });
  for (const head of [
    get('/a', { fields: te }),
    get('/b?c', { absoluteForm: true }),
    get('*', { method: 'OPTIONS' }),
    get('/', { version: VERSION.http10, authority: '' }),
    get('/', { version: VERSION.http2, method: 'POST' }),
    repeated,
  ]) {
    expect((await send(pool, head)).head?.status).toBe(204);
  }
  expect(seen).toEqual([
    'GET /a HTTP/1.1\r\nhost: shop.example\r\nconnection: te\r\nte: trailers\r\nx: y\r\n\r\n',
    'GET http://shop.example/b?c HTTP/1.1\r\nhost: shop.example\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nhost: shop.example\r\n\r\n',
    'GET / HTTP/1.0\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 0\r\n\r\n',
    'GET /r HTTP/1.1\r\nhost: shop.example\r\n\r\n',
  ]);
  expect(repeated.h1Text).toBe('GET /r HTTP/1.1\r\nhost: shop.example\r\n');
});

test('what would begin another request is never written', async () => {
  const { pool, opened } = createPool(await answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  for (const head of [
    get('/ HTTP/1.1\r\nx: y'),
    get('/a b'),
    get(''),
    get('/', { method: 'GET /' }),
    get('/', { authority: 'a\r\nx: y' }),
    get('/', { bodyLength: 4 }),
  ]) {
    expect((await send(pool, head)).failure?.kind).toBe('protocol');
  }
  expect(opened.length).toBe(0);
  const fields = [new Field('content-length', '3')];
  const long = await send(pool, post({ fields, bodyLength: 3 }), (sink) =>
    sink.requestData(Buffer.from('abcd'), true),
  );
  const short = await send(pool, post({ fields, bodyLength: 3 }), (sink) =>
    sink.requestData(Buffer.from('ab'), true),
  );
  expect([long.failure?.kind, short.failure?.kind]).toEqual(['protocol', 'protocol']);
  await expect.poll(() => opened.every((wire) => wire.closed)).toBe(true);
});

test('informational responses are passed over; HEAD, 204 and 304 have no body', async () => {
  const early = await answering(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  );
  expect((await send(createPool(early).pool, get('/'))).body).toBe('ok');
  const { pool, opened } = createPool(await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'));
  const first = await send(pool, get('/', { method: 'HEAD' }));
  const second = await send(pool, get('/', { method: 'HEAD' }));
  expect([first.head?.bodyLength, second.head?.bodyLength, opened.length]).toEqual([9, 9, 1]);
  for (const status of [204, 304]) {
    const none = await send(
      createPool(await answering(`HTTP/1.1 ${status} X\r\nContent-Length: 9\r\n\r\n`)).pool,
      get('/'),
    );
    expect([none.head?.status, none.body]).toEqual([status, '']);
  }
});

test('a body without length ends with the connection', async () => {
  const port = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'));
  const { pool } = createPool(port);
  expect((await send(pool, get('/'))).body).toBe('until the end');
  expect(pool.idleConnections).toBe(0);
});

const MALFORMED: Readonly<Record<string, string>> = {
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'length and chunks': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'another encoding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'chunks in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a folded line': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n',
  'bare LF': 'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
  'a bad status': 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n',
  'a bad version': 'HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n',
  'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
  'an unasked upgrade': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  'a head without end': `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`,
  'a bad chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
};

test.each(Object.entries(MALFORMED))('a response with %s fails and closes', async (_, response) => {
  const port = await serve((socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(response);
  });
  const { pool, opened } = createPool(port);
  const { failure } = await send(pool, get('/'));
  expect([failure?.kind, failure?.unprocessed]).toEqual(['protocol', false]);
  await expect.poll(() => opened[0]?.closed).toBe(true);
  expect(pool.idleConnections).toBe(0);
});

test('bytes beyond a response poison the connection: they never answer the next request', async () => {
  const split = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  let count = 0;
  const port = await serve((socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(++count === 1 ? split + split.replace('ok', 'no') : split);
  });
  const { pool, opened } = createPool(port);
  const first = await new Promise<string>((resolve) => {
    // The second request is sent from within the end of the first response.
    const response: ResponseSink = {
      responseHead() {},
      responseData: () => void send(pool, get('/2')).then((outcome) => resolve(outcome.body)),
      responseTrailers() {},
      responseFailed() {},
      requestCredit() {},
    };
    pool.request(get('/1'), true, response);
  });
  expect(first).toBe('ok');
  expect(opened.length).toBe(2);
  await expect.poll(() => opened[0]?.closed).toBe(true);
  const late = await serve((socket) => {
    socket.write(split);
    setTimeout(() => socket.write(split.replace('ok', 'no')), 20);
  });
  const other = createPool(late);
  await send(other.pool, get('/'));
  await expect.poll(() => other.opened[0]?.closed).toBe(true);
  expect(other.pool.idleConnections).toBe(0);
});

test('connections are used again, the youngest first; each carries one request at a time', async () => {
  const { pool, opened } = createPool(
    await serveNode((request, response) => setTimeout(() => response.end(request.url), 10)),
  );
  const three = await Promise.all(['/1', '/2', '/3'].map((path) => send(pool, get(path))));
  expect(three.map((outcome) => outcome.body)).toEqual(['/1', '/2', '/3']);
  expect([opened.length, pool.idleConnections]).toEqual([3, 3]);
  await send(pool, get('/4'));
  expect([opened.length, pool.idleConnections]).toEqual([3, 3]);
  const old = get('/5', { version: VERSION.http10 });
  await send(pool, old);
  await send(pool, get('/6', { authority: '' }));
  expect(opened.length).toBe(5);
  expect(pool.idleConnections).toBe(3);
  pool.sweep(3);
  expect(pool.idleConnections).toBe(3);
  pool.sweep(1_000_000);
  expect(pool.idleConnections).toBe(0);
  await expect.poll(() => opened.every((wire) => wire.closed)).toBe(true);
});

test('idle connections are closed after three seconds by the sweep', async () => {
  const { pool, opened } = createPool(await serveNode((_request, response) => response.end('ok')));
  await send(pool, get('/'));
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(pool.idleConnections).toBe(1);
  await expect.poll(() => opened[0]?.closed, { timeout: 4000 }).toBe(true);
  expect(pool.idleConnections).toBe(0);
});

test('a connection closed by the server while idle is not used', async () => {
  const sockets: Socket[] = [];
  const port = await serve((socket) => {
    sockets.push(socket);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const { pool, opened } = createPool(port);
  await send(pool, get('/'));
  sockets[0]?.end();
  await expect.poll(() => pool.idleConnections).toBe(0);
  expect((await send(pool, get('/'))).body).toBe('ok');
  expect(opened.length).toBe(2);
});

test('failures say what the peer may have seen', async () => {
  const refused = createPool(1);
  const connect = (await send(refused.pool, get('/'))).failure;
  expect([connect?.kind, connect?.unprocessed]).toEqual(['connect', true]);

  const midway = createPool(
    await serve((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')),
  );
  const cut = await send(midway.pool, get('/'));
  expect([cut.body, cut.failure?.kind, cut.failure?.unprocessed]).toEqual(['abc', 'io', false]);

  const silent = createPool(await serve((socket) => socket.destroy()));
  const gone = (await send(silent.pool, get('/'))).failure;
  expect([gone?.kind, gone?.unprocessed]).toEqual(['io', false]);
});

test('a request on a connection that closes before it left is reported unprocessed, and never leaves', async () => {
  const seen: string[] = [];
  const port = await serve((socket, text) => {
    seen.push(text);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const { pool, opened } = createPool(port);
  await send(pool, get('/1'));
  const failed = send(pool, get('/2'));
  // The FIN of the server is read in the turn the request was gathered in.
  opened[0]?.receiver.onEnd();
  const failure = (await failed).failure as StreamFailure;
  expect([failure.kind, failure.unprocessed]).toEqual(['io', true]);
  await expect.poll(() => opened[0]?.closed).toBe(true);
  expect(seen.length).toBe(1);
});

test('a request that is given up takes its connection along, or its place in the queue', async () => {
  const port = await serve(() => {});
  const { pool, opened } = createPool(port);
  const silent: ResponseSink = {
    responseHead() {},
    responseData() {},
    responseTrailers() {},
    responseFailed() {
      throw new Error('nobody listens any more');
    },
    requestCredit() {},
  };
  const waiting = pool.request(get('/'), true, silent);
  expect(pool.waitingRequests).toBe(1);
  waiting.requestCancelled(8);
  expect(pool.waitingRequests).toBe(0);
  await expect.poll(() => pool.idleConnections).toBe(1);
  const running = pool.request(get('/'), true, silent);
  running.requestCancelled(8);
  await expect.poll(() => opened[0]?.closed).toBe(true);
  expect([opened.length, pool.idleConnections]).toEqual([1, 0]);
});

test('without credit a response stops; what waits for a connection gets none', async () => {
  const size = 8_000_000;
  const port = await serveNode((_request, response) => response.end(Buffer.alloc(size)));
  const { pool } = createPool(port);
  let got = 0;
  let ended = false;
  const sink = pool.request(get('/'), true, {
    responseHead() {},
    responseData(chunk, end) {
      got += chunk.length;
      ended = end;
    },
    responseTrailers() {},
    responseFailed() {},
    requestCredit() {},
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(got).toBeGreaterThan(0);
  expect(got).toBeLessThan(262_144 + 70_000);
  let credited = 0;
  await expect
    .poll(
      () => {
        sink.responseCredit(got - credited);
        credited = got;
        return ended;
      },
      { interval: 1, timeout: 5000 },
    )
    .toBe(true);
  expect(got).toBe(size);
  pool.close();
});

test('a server that does not read holds the credit of the request back', async () => {
  const sockets: Socket[] = [];
  const port = await serve((socket) => {
    if (!sockets.includes(socket)) sockets.push(socket.pause());
  });
  const { pool } = createPool(port);
  let credited = 0;
  const sink = pool.request(post(), false, {
    responseHead() {},
    responseData() {},
    responseTrailers() {},
    responseFailed() {},
    requestCredit(bytes) {
      credited += bytes;
    },
  });
  sink.requestData(Buffer.alloc(1000), false);
  expect(credited).toBe(0);
  await expect.poll(() => credited).toBe(1000);
  let sent = 1000;
  for (let i = 0; i < 300; i++) {
    while (sent - credited < 65_536 && sent < 20_000_000) {
      sink.requestData(Buffer.alloc(65_536), false);
      sent += 65_536;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(20_000_000);
  sockets[0]?.resume();
  await expect.poll(() => credited).toBe(sent);
  sink.requestCancelled(8);
});

test('a connection that fails while another request was served is nobody’s failure', async () => {
  const port = await serveNode((_request, response) => response.end('ok'));
  const real = createPool(port);
  await send(real.pool, get('/'));
  let fail: (failure: StreamFailure) => void = () => {};
  const pool = new H1ClientPool({
    connect: (_onConnected, onFailed) => {
      fail = onFailed;
    },
  });
  const outcome = send(pool, get('/'));
  const { Socket } = await import('node:net');
  const socket = new Socket().connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const wire = wireOn(socket, IGNORE);
  const { H1ClientConnection } = await import('./client-connection.ts');
  const { createHeadMemory } = await import('./head-memory.ts');
  const connection = new H1ClientConnection(wire, pool, { memory: createHeadMemory(), once: false });
  wire.receiver = connection;
  pool.giveBack(connection);
  fail({ kind: 'connect', code: 7, message: 'no', unprocessed: true });
  expect((await outcome).body).toBe('ok');
  pool.close();
  real.pool.close();
});
