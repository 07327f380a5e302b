import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { report, sleep } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import {
  END_HEADERS,
  END_STREAM,
  ERROR,
  encodeField,
  encodeFrame,
  encodeGet,
  encodeRequest,
  encodeSettings,
  encodeUint32,
  openH2,
  type RawH2,
  TYPE,
} from './mesh/h2-frames.ts';
import { type LocalMesh, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildEcho, buildNamespace } from './mesh/manifests.ts';
import { exchangeRaw, get, openRaw, type RawConnection, type RawTarget } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

const PORT = { http1: 8080, http2: 8081 } as const;

let mesh: LocalMesh;
let refused = 0;

describeAsRoot('hostile HTTP', () => {
  beforeAll(async () => {
    mesh = await startLocalMesh({
      name: 'hostile',
      manifests: () => [buildNamespace(), ...buildEcho(PORT), ...buildRelay()],
    });
  });
  afterAll(async () => {
    report(`hostile: ${refused} connections refused`);
    await mesh?.stop();
  });

  describe.each(['inbound', 'outbound'] as const)('at the %s proxy', (side) => {
    let bystander: Bystander;
    beforeAll(() => {
      bystander = meetBystander(targetOf(side, 'http1'));
    });
    // Whatever was done to the proxy, somebody else's connection goes on.
    afterEach(async () => {
      refused++;
      await bystander.ask();
    });
    afterAll(() => bystander.leave());

    it.each(Object.entries(SMUGGLED_HEADS))(
      '%s: 400, a close, and the app hears nothing',
      async (_, head) => {
        const before = await countSeen();
        await expect400(side, head + SMUGGLED);
        expect(await countSeen()).toBe(before);
      },
    );

    it.each(Object.entries(SMUGGLED_BODIES))(
      '%s: 400, a close, and no request behind it',
      async (_, body) => {
        const before = await countSeen();
        await expect400(side, `${POST}Transfer-Encoding: chunked\r\n\r\n${body}${SMUGGLED}`);
        expect(await countSeen()).toBe(before);
      },
    );

    it.each(CONNECTION_ERRORS)('HTTP/2 $name: GOAWAY $code', async ({ frames, code, first }) => {
      const connection = openH2(targetOf(side, 'http2'), first);
      connection.send(...frames);
      expect(await connection.goAway()).toBe(code);
      await connection.raw.untilEnded();
      connection.raw.close();
    });

    it.each(STREAM_ERRORS)('HTTP/2 $name: RST_STREAM $code, and the next stream is served', async (wrong) => {
      const connection = openH2(targetOf(side, 'http2'));
      connection.send(...wrong.frames, encodeRequest(3, encodeGet('/next')));
      expect(await connection.reset(1)).toBe(wrong.code);
      expect(JSON.parse(await connection.body(3))).toMatchObject({ url: '/next' });
      connection.raw.close();
    });

    it('HTTP/2 with windows of zero: the body waits, others do not', async () => {
      const stalled = openH2(targetOf(side, 'http2'), encodeSettings([INITIAL_WINDOW, 0]));
      stalled.send(...[1, 3, 5].map((id) => encodeRequest(id, encodeGet('/bytes?100000'))));
      await stalled.frame(TYPE.headers, 5);
      const other = openH2(targetOf(side, 'http2'));
      other.send(encodeRequest(1, encodeGet('/bytes?50000')));
      expect((await other.body(1)).length).toBe(50_000);
      await sleep(200);
      expect(countData(stalled)).toBe(0);
      // As much as is allowed comes, and not a byte more; then the rest.
      stalled.send(encodeFrame(TYPE.windowUpdate, 1, encodeUint32(1000)));
      await stalled.raw.until(() => countData(stalled) >= 1000);
      await sleep(200);
      expect(countData(stalled)).toBe(1000);
      stalled.send(
        encodeFrame(TYPE.windowUpdate, 0, encodeUint32(1_000_000)),
        encodeFrame(TYPE.windowUpdate, 1, encodeUint32(1_000_000)),
      );
      expect((await stalled.body(1)).length).toBe(100_000);
      stalled.raw.close();
      other.raw.close();
    });

    it('HTTP/2 with a flood of resets: GOAWAY ENHANCE_YOUR_CALM', async () => {
      const connection = openH2(targetOf(side, 'http2'));
      const cancel = Buffer.from([0, 0, 0, 8]);
      for (let id = 1; id < 6001 && connection.raw.ended() === 'open'; id += 2) {
        connection.send(encodeRequest(id, encodeGet('/')), encodeFrame(TYPE.rstStream, id, cancel));
      }
      expect(await connection.goAway()).toBe(ERROR.enhanceYourCalm);
      connection.raw.close();
    });
  });
});

const POST = 'POST / HTTP/1.1\r\nHost: web\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: web\r\n';
/** What a smuggler wants to be taken for a request of its own. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n';

const SMUGGLED_HEADS: Readonly<Record<string, string>> = {
  'content-length with transfer-encoding': `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'transfer-encoding with content-length': `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
  'two content-lengths': `${POST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
  'content-length with a sign': `${POST}Content-Length: +4\r\n\r\nabcd`,
  'bare LF in fields': 'GET / HTTP/1.1\r\nHost: web\nX: b\r\n\r\n',
  'bare LF everywhere': 'GET / HTTP/1.1\nHost: web\n\n',
  'bare CR in a value': `${GET}X: a\rb\r\n\r\n`,
  'folded transfer-encoding': `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  'folded line': `${GET}X: a\r\n b\r\n\r\n`,
  'space before the colon': `${POST}Content-Length : 4\r\n\r\nabcd`,
  'tab before the colon': `${POST}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`,
  'transfer-encoding xchunked': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'chunked not last': `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
  'NUL in a value': `${GET}X: a\0b\r\n\r\n`,
  'two hosts': `${GET}Host: other\r\n\r\n`,
};

const SMUGGLED_BODIES: Readonly<Record<string, string>> = {
  'chunk size ended by LF': '1\na\r\n0\r\n\r\n',
  'chunk data longer than its size': '1\r\nab\r\n0\r\n\r\n',
  'chunk size in 0x': '0x1\r\na\r\n0\r\n\r\n',
  'trailer with space before the colon': '0\r\nX : a\r\n\r\n',
};

const INITIAL_WINDOW = 4;

interface WrongFrames {
  readonly name: string;
  readonly frames: readonly Buffer[];
  readonly code: number;
  readonly first?: Buffer;
}

const OPEN_POST = encodeRequest(1, Buffer.concat([encodeGet('/')]), END_HEADERS);

const CONNECTION_ERRORS: readonly WrongFrames[] = [
  {
    name: 'SETTINGS missing first',
    frames: [],
    first: encodeRequest(1, encodeGet('/')),
    code: ERROR.protocol,
  },
  { name: 'DATA on an idle stream', frames: [encodeFrame(TYPE.data, 1, 'x')], code: ERROR.protocol },
  {
    name: 'RST_STREAM on an idle stream',
    frames: [encodeFrame(TYPE.rstStream, 1, encodeUint32(8))],
    code: ERROR.protocol,
  },
  { name: 'an even stream id', frames: [encodeRequest(2, encodeGet('/'))], code: ERROR.protocol },
  {
    name: 'a stream id below the last',
    frames: [encodeRequest(5, encodeGet('/')), encodeRequest(3, encodeGet('/'))],
    code: ERROR.streamClosed,
  },
  {
    name: 'CONTINUATION without HEADERS',
    frames: [encodeFrame(TYPE.continuation, 1, encodeGet('/'), END_HEADERS)],
    code: ERROR.protocol,
  },
  {
    name: 'another frame inside of a header block',
    frames: [encodeRequest(1, encodeGet('/'), END_STREAM), encodeFrame(TYPE.ping, 0, Buffer.alloc(8))],
    code: ERROR.protocol,
  },
  {
    name: 'PUSH_PROMISE from a client',
    frames: [encodeFrame(TYPE.pushPromise, 1, Buffer.alloc(8), END_HEADERS)],
    code: ERROR.protocol,
  },
  {
    name: 'a frame that is too large',
    frames: [OPEN_POST, encodeFrame(TYPE.data, 1, Buffer.alloc(16_385))],
    code: ERROR.frameSize,
  },
  {
    name: 'SETTINGS of 5 bytes',
    frames: [encodeFrame(TYPE.settings, 0, Buffer.alloc(5))],
    code: ERROR.frameSize,
  },
  { name: 'PING of 7 bytes', frames: [encodeFrame(TYPE.ping, 0, Buffer.alloc(7))], code: ERROR.frameSize },
  {
    name: 'WINDOW_UPDATE of 0 for the connection',
    frames: [encodeFrame(TYPE.windowUpdate, 0, encodeUint32(0))],
    code: ERROR.protocol,
  },
  {
    name: 'a window beyond 2^31-1',
    frames: [encodeFrame(TYPE.windowUpdate, 0, encodeUint32(0x7fffffff))],
    code: ERROR.flowControl,
  },
  {
    name: 'a window size beyond 2^31-1',
    frames: [encodeSettings([INITIAL_WINDOW, 0x80000000])],
    code: ERROR.flowControl,
  },
  {
    name: 'a header block that is no HPACK',
    frames: [encodeRequest(1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
    code: ERROR.compression,
  },
  {
    name: 'a header block without end',
    frames: [
      encodeRequest(1, encodeGet('/'), END_STREAM),
      ...Array.from({ length: 40 }, (_, at) =>
        encodeFrame(TYPE.continuation, 1, encodeField(`x-${at}`, 'a'.repeat(4000))),
      ),
    ],
    code: ERROR.enhanceYourCalm,
  },
];

const STREAM_ERRORS: readonly WrongFrames[] = [
  {
    name: 'field name in capitals',
    frames: [encodeRequest(1, encodeGet('/', ['X-A', 'b']))],
    code: ERROR.protocol,
  },
  {
    name: 'connection field',
    frames: [encodeRequest(1, encodeGet('/', ['connection', 'close']))],
    code: ERROR.protocol,
  },
  {
    name: 'transfer-encoding',
    frames: [encodeRequest(1, encodeGet('/', ['transfer-encoding', 'chunked']))],
    code: ERROR.protocol,
  },
  {
    name: 'CR LF in a value',
    frames: [encodeRequest(1, encodeGet('/', ['x-a', 'b\r\nx-c: d']))],
    code: ERROR.protocol,
  },
  {
    name: 'pseudo-header behind a field',
    frames: [encodeRequest(1, encodeGet('/', ['x-a', 'b'], [':path', '/other']))],
    code: ERROR.protocol,
  },
  {
    name: 'body longer than its content-length',
    frames: [
      encodeRequest(1, encodeGet('/', ['content-length', '1']), END_HEADERS),
      encodeFrame(TYPE.data, 1, 'xx', END_STREAM),
    ],
    code: ERROR.protocol,
  },
  {
    name: 'WINDOW_UPDATE of 0 for a stream',
    frames: [OPEN_POST, encodeFrame(TYPE.windowUpdate, 1, encodeUint32(0))],
    code: ERROR.protocol,
  },
];

function targetOf(side: 'inbound' | 'outbound', version: keyof typeof PORT): RawTarget {
  const port = PORT[version];
  if (side === 'inbound') return { host: podIp(mesh.pod('web')), port };
  return throughRelay(mesh, { service: 'web', port });
}

async function expect400(side: 'inbound' | 'outbound', text: string): Promise<void> {
  const answer = await exchangeRaw(targetOf(side, 'http1'), [text]);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n/);
  // One answer, and the end.
  expect(answer.endsWith('\r\n\r\n')).toBe(true);
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
}

async function countSeen(): Promise<number> {
  const { status, body } = await get(targetOf('inbound', 'http1'), '/seen');
  expect(status).toBe(200);
  return Number(body);
}

function countData(connection: RawH2): number {
  const data = connection.frames().filter(({ type }) => type === TYPE.data);
  return data.reduce((sum, { payload }) => sum + payload.length, 0);
}

interface Bystander {
  /** Sends a request on a connection that has been open all the time, and checks the answer. */
  ask(): Promise<void>;
  leave(): void;
}

function meetBystander(target: RawTarget): Bystander {
  const connection: RawConnection = openRaw(target);
  let asked = 0;
  const isAnswered = (bytes: Buffer) => bytes.toString('latin1').split('HTTP/1.1 200 OK').length - 1 >= asked;
  return {
    async ask() {
      asked++;
      connection.send('GET /seen HTTP/1.1\r\nHost: web\r\n\r\n');
      await connection.until(isAnswered);
      expect([connection.ended(), connection.received().toString('latin1')]).toEqual([
        'open',
        expect.anything(),
      ]);
    },
    leave: () => connection.close(),
  };
}
