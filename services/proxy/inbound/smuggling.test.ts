import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequestSink, ResponseSink } from '../http/exchange.ts';
import { FIELD_KIND, Field } from '../http/field.ts';
import { wireOn } from '../http/h1/loopback.fixture.ts';
import { CHUNKED, GET, POST, REFUSED_BODIES, REFUSED_HEADS } from '../http/h1/smuggling.fixture.ts';
import { H2ClientConnection } from '../http/h2/client-connection.ts';
import { RequestHead, type RequestHeadInit, VERSION } from '../http/head.ts';
import { closeLoopback, dialRaw } from '../transport/loopback.testing.ts';
import { closeApps, openWay, RawClient, startNodeApp, startRawApp } from './ways.testing.ts';

/** What a smuggler wants to be taken for a request of its own. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const SIDES = ['inbound', 'outbound'] as const;
type Side = (typeof SIDES)[number];

/** An app that writes down what it was asked; Node's parser decides what that is. */
let asked: string[] = [];
let ports: Record<Side, number>;

beforeEach(async () => {
  asked = [];
  const { port } = await startNodeApp((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => response.end('ok'));
  });
  const [inbound, outbound] = await Promise.all(SIDES.map(async (side) => (await openWay(side, port)).port));
  ports = { inbound: inbound ?? 0, outbound: outbound ?? 0 };
});
afterEach(() => {
  closeLoopback();
  closeApps();
});

async function tell(side: Side, text: string): Promise<string> {
  const client = new RawClient(ports[side]);
  client.send(text);
  return client.receiveAll();
}

const REFUSED = /^HTTP\/1\.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n$/;

/** But for HTTP/2, which is no HTTP/1 to be refused here. */
const HTTP1_HEADS = Object.entries(REFUSED_HEADS).filter(([name]) => name !== 'an HTTP/2 preface');

describe.each(SIDES)('at the %s proxy', (side) => {
  it.each(HTTP1_HEADS)('a head with %s: 400, a close, nothing at the app', async (_, head) => {
    expect(await tell(side, head + SMUGGLED)).toMatch(REFUSED);
    expect(asked).toEqual([]);
  });

  it.each(Object.entries(REFUSED_BODIES))(
    'a body with %s: 400, a close, no second request at the app',
    async (_, body) => {
      expect(await tell(side, CHUNKED + body + SMUGGLED)).toMatch(REFUSED);
      expect(asked.filter((line) => line !== 'POST /')).toEqual([]);
    },
  );
});

/** What is taken, and what the app gets: the request line, then these lines and no others of those names. */
interface Normalised {
  readonly sent: string;
  /** Bytes at the app, without `l5d-…`. */
  readonly got: string;
}

const HEAD = 'GET / HTTP/1.1\r\nhost: a\r\n';
const POSTED = 'POST / HTTP/1.1\r\nhost: a\r\n';

const NORMALISED: Readonly<Record<string, Normalised>> = {
  'an absolute target beside another host': {
    sent: 'GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n',
    got: 'GET http://b:81/x HTTP/1.1\r\nhost: b:81\r\n\r\n',
  },
  'an absolute target without a host field': {
    sent: 'GET http://b/x HTTP/1.1\r\n\r\n',
    got: 'GET http://b/x HTTP/1.1\r\nhost: b\r\n\r\n',
  },
  'the same content-length twice': {
    sent: `${POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`,
    got: `${POSTED}content-length: 2\r\n\r\nhi`,
  },
  'chunked in capitals': {
    sent: `${POST}TRANSFER-ENCODING: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    got: `${POSTED}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  },
  'chunk extensions': {
    sent: `${CHUNKED}2;a="\r \t";b\r\nhi\r\n0;c\r\n\r\n`.replace('\r \t', ' \t'),
    got: `${POSTED}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  },
  'chunk sizes with leading zeros and capitals': {
    sent: `${CHUNKED}000A\r\n0123456789\r\n000\r\n\r\n`,
    got: `${POSTED}transfer-encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n`,
  },
  'trailers that would frame or route': {
    sent: `${CHUNKED}2\r\nhi\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\nHost: b\r\nConnection: x\r\nX-Sum: 1\r\n\r\n`,
    got: `${POSTED}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n`,
  },
  'empty lines before the request': { sent: `\r\n\r\n${GET}\r\n`, got: `${HEAD}\r\n` },
  'a connection field that names content-length': {
    sent: `${POST}Connection: content-length\r\nContent-Length: 2\r\n\r\nhi`,
    got: `${POSTED}content-length: 2\r\n\r\nhi`,
  },
  'a connection field that names transfer-encoding and host': {
    sent: `${CHUNKED.slice(0, -2)}Connection: transfer-encoding, host\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    got: `${POSTED}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  },
  'fields for one hop': {
    sent: `${GET}Connection: x-a, close\r\nX-A: 1\r\nKeep-Alive: 1\r\nProxy-Connection: x\r\nTE: gzip\r\nX-B: 2\r\n\r\n`,
    got: `${HEAD}x-b: 2\r\n\r\n`,
  },
  'an upgrade to h2c': {
    sent: `${GET}Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n`,
    got: `${HEAD}\r\n`,
  },
  'an upgrade that the connection field does not name': {
    sent: `${GET}Upgrade: websocket\r\n\r\n`,
    got: `${HEAD}\r\n`,
  },
  'names with underscores are none of those with hyphens': {
    sent: `${GET}Content_Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n`,
    got: `${HEAD}content_length: 5\r\ntransfer_encoding: chunked\r\n\r\n`,
  },
  'blanks around a value': { sent: `${GET}X: \t a b \t\r\n\r\n`, got: `${HEAD}x: a b\r\n\r\n` },
  'a request as the body of a GET': {
    sent: `${GET}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    got: `${HEAD}content-length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  },
  'a request in a chunk': {
    sent: `${CHUNKED}${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    got: `${POSTED}transfer-encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  },
  'a request behind a body of no bytes': {
    sent: `${POST}Content-Length: 0\r\n\r\n`,
    got: `${POSTED}content-length: 0\r\n\r\n`,
  },
  'an identity that only a proxy may tell': {
    sent: `${GET}L5d-Client-Id: admin\r\nX: 1\r\n\r\n`,
    got: `${HEAD}x: 1\r\n\r\n`,
  },
};

describe.each(SIDES)('what the %s proxy takes reaches the app in one reading only', (side) => {
  // The outbound proxy leaves what only an inbound one strips.
  const taken = Object.entries(NORMALISED).filter(
    ([name]) => side === 'inbound' || !name.startsWith('an identity'),
  );

  it.each(taken)('%s', async (_, { sent, got }) => {
    const app = await startRawApp((socket, text) => {
      if (text.endsWith(got.slice(-8))) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    const client = new RawClient((await openWay(side, app.port)).port);
    client.send(sent);
    await client.receive(/ok$/);
    expect(app.received).toEqual([got]);
  });
});

describe('HTTP/2 that becomes HTTP/1 again at the inbound proxy', () => {
  const ORIG_PROTO = new Field('l5d-orig-proto', 'HTTP/1.1');

  interface Downgrade {
    readonly head?: Partial<RequestHeadInit>;
    readonly fields?: readonly (readonly [string, string])[];
    readonly absolute?: boolean;
    readonly body?: string;
    readonly trailers?: readonly (readonly [string, string])[];
  }

  /** Also what our own encoder would leave out. */
  const wild = ([name, value]: readonly [string, string]): Field =>
    Object.assign(new Field(name, value), { kind: FIELD_KIND.plain });

  /** Sends what our own client would never make; gives back the status, or the code of the reset. */
  function send({ head = {}, fields = [], absolute, body, trailers }: Downgrade): Promise<string> {
    const socket = dialRaw(ports.inbound);
    const wire = wireOn(socket);
    const connection = new H2ClientConnection(wire, {});
    const origProto = absolute ? new Field('l5d-orig-proto', 'HTTP/1.1; absolute-form') : ORIG_PROTO;
    return new Promise((resolve) => {
      const response: ResponseSink = {
        responseHead: ({ status }) => resolve(String(status)),
        responseData() {},
        responseTrailers() {},
        responseFailed: ({ kind, code }) => resolve(`${kind} ${code}`),
        requestCredit() {},
      };
      const sink: RequestSink = connection.request(
        new RequestHead({
          method: 'POST',
          scheme: 'http',
          authority: 'a',
          path: '/',
          version: VERSION.http2,
          fields: [origProto, ...fields.map(wild)],
          bodyLength: body === undefined && trailers === undefined ? 0 : -1,
          absoluteForm: false,
          upgrade: '',
          repeated: false,
          ...head,
        }),
        body === undefined && trailers === undefined,
        response,
      );
      if (body !== undefined) sink.requestData(Buffer.from(body), trailers === undefined);
      if (trailers !== undefined) sink.requestTrailers(trailers.map(wild));
    });
  }

  const SECOND = `x\r\n\r\n${SMUGGLED}`;

  const REFUSED_STREAMS: Readonly<Record<string, Downgrade>> = {
    'CR LF in a value': { fields: [['x', `a\r\n${SMUGGLED}`]] },
    'LF in a value': { fields: [['x', 'a\nb']] },
    'CR in a value': { fields: [['x', 'a\rb']] },
    'NUL in a value': { fields: [['x', 'a\0b']] },
    'a blank before a value': { fields: [['x', ' a']] },
    'CR LF in a name': { fields: [[`x\r\ntransfer-encoding: chunked\r\ny`, 'a']] },
    'a colon in a name': { fields: [['x: a', 'b']] },
    'a space in a name': { fields: [['x y', 'b']] },
    'a capital in a name': { fields: [['X', 'b']] },
    'an empty name': { fields: [['', 'b']] },
    'transfer-encoding': { fields: [['transfer-encoding', 'chunked']], body: '0\r\n\r\nx' },
    connection: { fields: [['connection', 'close']] },
    'keep-alive': { fields: [['keep-alive', '5']] },
    'proxy-connection': { fields: [['proxy-connection', 'close']] },
    upgrade: { fields: [['upgrade', 'websocket']] },
    'te other than trailers': { fields: [['te', 'chunked']] },
    'a content-length that is too short': { fields: [['content-length', '1']], body: SECOND },
    'a content-length that is too long': { fields: [['content-length', '1000']], body: 'x' },
    'two content-lengths': {
      fields: [
        ['content-length', '1'],
        ['content-length', '2'],
      ],
      body: 'x',
    },
    'a content-length that is no number': { fields: [['content-length', '+1']], body: 'x' },
    'a content-length without a body': { fields: [['content-length', '5']] },
    'a relative path': { head: { path: 'x' } },
    'a second path': { fields: [[':path', '/smuggled']] },
    'CR LF in a trailer': { body: 'x', trailers: [['x', `a\r\n${SMUGGLED}`]] },
    'a pseudo-header as trailer': { body: 'x', trailers: [[':path', '/smuggled']] },
  };

  it.each(Object.entries(REFUSED_STREAMS))('%s: the stream is reset', async (_, request) => {
    expect(await send(request)).toMatch(/^reset 1$/);
    expect(asked.filter((line) => line !== 'POST /')).toEqual([]);
  });

  const UNWRITABLE: Readonly<Record<string, Downgrade>> = {
    'a space in the path': { head: { path: '/ HTTP/1.1' } },
    'CR LF in the path': { head: { path: `/ HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}` } },
    'a tab in the path': { head: { path: '/\tx' } },
    'a fragment in the path': { head: { path: '/#x' } },
    'a space in the method': { head: { method: 'GET /smuggled' } },
    'CR LF in the method': { head: { method: `GET / HTTP/1.1\r\n\r\n${SMUGGLED}` } },
    'a space in the authority': { head: { authority: 'a b' } },
    'CR LF in the authority': { head: { authority: `a\r\n\r\n${SMUGGLED}` } },
    'a path in the authority of an absolute target': { head: { authority: 'a/smuggled?' }, absolute: true },
    'a user in the authority': { head: { authority: 'user@a' } },
    'CR LF in the scheme of an absolute target': {
      head: { scheme: `http://a/ HTTP/1.1\r\n\r\n${SMUGGLED}` },
      absolute: true,
    },
  };

  it.each(Object.entries(UNWRITABLE))('%s: never written', async (_, request) => {
    const outcome = await send(request);
    expect(outcome).toMatch(/^(reset 1|502)$/);
    expect(asked).toEqual([]);
  });

  it('a body is one body, whatever is in it and whatever the method', async () => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      expect(await send({ head: { method }, body: `0\r\n\r\n${SMUGGLED}` })).toBe('200');
    }
    expect(asked).toEqual(['GET /', 'POST /', 'DELETE /', 'OPTIONS /']);
  });

  it('a host field beside another authority is not the host', async () => {
    expect(await send({ fields: [['host', 'admin']] })).toMatch(/^(200|reset 1)$/);
    expect(asked.length).toBeLessThanOrEqual(1);
  });

  it('trailers that would frame are left out', async () => {
    expect(await send({ body: 'x', trailers: [['content-length', '9']] })).toBe('200');
    expect(asked).toEqual(['POST /']);
  });
});
