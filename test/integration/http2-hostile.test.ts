import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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
import { getBody, openSession } from './mesh/h2-session.ts';
import { containerOf, type LocalMesh, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildNamespace, buildWorkload } from './mesh/manifests.ts';
import { get, openRaw, type RawTarget } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

const H2_PORT = 8081;
const ADMIN_PORT = 4191;
/** Connections that do the same at once. */
const ATTACKERS = 5;
/** What an attack may leave behind in the proxy: garbage that was not collected, and nothing that grows with it. */
const MOST_GROWTH_BYTES = 64 * 1024 * 1024;
/** Frames written at once. */
const BATCH = 200;
/** Many times what any limit allows. */
const BATCHES = 300;
const WINDOW_SETTING = 4;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** The limit is thirty seconds, and a third more; the machine is slow. */
const STALL_PATIENCE_MS = 60_000;

type Side = 'inbound' | 'outbound';

let mesh: LocalMesh;

// A frame that is never finished is waited for half a minute.
vi.setConfig({ testTimeout: 120_000 });

/** An attack: frames that follow the hello, over and over; `at` counts them. */
interface Flood {
  readonly name: string;
  readonly first?: readonly Buffer[];
  frames(at: number): readonly Buffer[];
}

const cancel = encodeUint32(8);
const OPEN = encodeRequest(1, encodeGet('/'), END_HEADERS);
const idOf = (at: number) => 2 * at + 1;
/** A field of 4000 bytes for the table, and then its index again and again: 48 MB of fields in 12 KB. */
const BOMB = Buffer.concat([
  Buffer.from([0x40]),
  encodeField('x-bomb', 'b'.repeat(3900)).subarray(1),
  encodeGet('/'),
  Buffer.alloc(12_000, 0xbe),
]);

const FLOODS: readonly Flood[] = [
  {
    name: 'rapid reset (CVE-2023-44487)',
    frames: (at) => [encodeRequest(idOf(at), encodeGet('/')), encodeFrame(TYPE.rstStream, idOf(at), cancel)],
  },
  {
    name: 'resets it makes the proxy send (CVE-2025-8671)',
    frames: (at) => [
      encodeRequest(idOf(at), encodeGet('/'), END_HEADERS),
      encodeFrame(TYPE.windowUpdate, idOf(at), encodeUint32(0)),
    ],
  },
  {
    name: 'CONTINUATION without end (CVE-2024-27316)',
    first: [encodeRequest(1, encodeGet('/'), END_STREAM)],
    frames: (at) => [encodeFrame(TYPE.continuation, 1, encodeField(`x-${at}`, 'a'.repeat(2000)))],
  },
  {
    name: 'empty CONTINUATION frames',
    first: [encodeRequest(1, encodeGet('/'), END_STREAM)],
    frames: () => [encodeFrame(TYPE.continuation, 1)],
  },
  { name: 'PING', frames: () => [encodeFrame(TYPE.ping, 0, Buffer.alloc(8))] },
  {
    name: 'answers to PINGs that nobody sent',
    frames: () => [encodeFrame(TYPE.ping, 0, Buffer.alloc(8), 1)],
  },
  { name: 'SETTINGS', frames: () => [encodeSettings([WINDOW_SETTING, 65_535])] },
  { name: 'acknowledgements of SETTINGS', frames: () => [encodeFrame(TYPE.settings, 0, '', 1)] },
  { name: 'empty DATA', first: [OPEN], frames: () => [encodeFrame(TYPE.data, 1)] },
  {
    name: 'DATA that is all padding',
    first: [OPEN],
    frames: () => [encodeFrame(TYPE.data, 1, Buffer.from([3, 0, 0, 0]), 8)],
  },
  { name: 'empty HEADERS', frames: (at) => [encodeRequest(idOf(at), Buffer.alloc(0))] },
  {
    name: 'WINDOW_UPDATE of a stream',
    first: [OPEN],
    frames: () => [encodeFrame(TYPE.windowUpdate, 1, encodeUint32(1))],
  },
  {
    name: 'WINDOW_UPDATE of the connection',
    frames: () => [encodeFrame(TYPE.windowUpdate, 0, encodeUint32(1))],
  },
  { name: 'PRIORITY', first: [OPEN], frames: () => [encodeFrame(TYPE.priority, 1, Buffer.alloc(5))] },
  { name: 'frames of unknown types', frames: () => [encodeFrame(0xbe, 0, 'what?')] },
  { name: 'GOAWAY', frames: () => [encodeFrame(TYPE.goAway, 0, Buffer.alloc(8))] },
  { name: 'HPACK bombs', frames: (at) => [encodeRequest(idOf(at), BOMB)] },
  {
    name: 'header lists over the limit',
    frames: (at) => [
      encodeRequest(idOf(at), encodeGet('/', ['x-a', 'a'.repeat(8000)], ['x-b', 'b'.repeat(8200)])),
    ],
  },
];

describeAsRoot('hostile HTTP/2', () => {
  beforeAll(async () => {
    mesh = await startLocalMesh({
      name: 'http2-hostile',
      manifests: () => [
        buildNamespace(),
        ...buildWorkload({
          name: 'web',
          command: ['node', new URL('pods/http2-app.ts', import.meta.url).pathname],
          readyPath: '/',
          env: { PORT: '8080', H2_PORT: `${H2_PORT}` },
          ports: { http: 8080, http2: H2_PORT },
        }),
        ...buildRelay(),
      ],
    });
  });
  afterAll(() => mesh?.stop());

  describe.each(['inbound', 'outbound'] as const)('at the %s proxy', (side) => {
    it.each(FLOODS)('$name: GOAWAY ENHANCE_YOUR_CALM, a count, and no memory', async (attack) => {
      const before = await observe(side);
      const bystander = meetBystander(side);
      const attackers = Array.from({ length: ATTACKERS }, () => flood(side, attack));
      await bystander.ask();
      for (const end of await Promise.all(attackers)) expect([ERROR.enhanceYourCalm, 'reset']).toContain(end);
      await bystander.ask();
      bystander.leave();
      const after = await observe(side);
      expect(after.refusals.flood - before.refusals.flood).toBe(ATTACKERS);
      expectBounded(attack.name, before, after);
    });

    it('windows of zero on many streams: the streams go, and others are served', async () => {
      const before = await observe(side);
      const bystander = meetBystander(side);
      const slow = openH2(targetOf(side), encodeSettings([WINDOW_SETTING, 0]));
      slow.send(
        ...Array.from({ length: 64 }, (_, at) => encodeRequest(idOf(at), encodeGet('/bytes?100000'))),
      );
      await slow.frame(TYPE.headers, 1);
      for (let round = 0; round < 10; round++) {
        await bystander.ask();
        await sleep(200);
      }
      await slow.raw.until(() => slow.frames().some(({ type }) => type === TYPE.rstStream), 30_000);
      bystander.leave();
      const after = await observe(side);
      expect(after.refusals.slow_reader).toBeGreaterThan(before.refusals.slow_reader);
      expectBounded('windows of zero', before, after);
      slow.raw.close();
    });
  });

  it('what is begun and not finished ends within a minute, in silence or byte by byte', async () => {
    const sides = ['inbound', 'outbound'] as const;
    const before = await Promise.all(sides.map(observe));
    const bystanders = sides.map(meetBystander);
    await Promise.all(sides.flatMap((side) => Object.values(STALLS).map((pieces) => stall(side, pieces))));
    for (const bystander of bystanders) {
      await bystander.ask();
      bystander.leave();
    }
    for (const [at, side] of sides.entries()) {
      const { refusals } = await observe(side);
      const then = before[at]?.refusals ?? refusals;
      // Who is silent has not answered a keep-alive ping in time either.
      const silent = refusals.keep_alive_timeout - then.keep_alive_timeout;
      const unfinished = refusals.unfinished - then.unfinished;
      expect(silent + unfinished).toBe(Object.keys(STALLS).length);
      expect(unfinished).toBeGreaterThanOrEqual(Object.values(STALLS).filter(([, piece]) => piece).length);
    }
  });
});

/** What a connection sends at first, and every two seconds from then on. */
type Pieces = readonly [first: Buffer, next?: (at: number) => Buffer];

const HELLO = Buffer.concat([PREFACE, encodeSettings()]);
const EMPTY_CONTINUATION = encodeFrame(TYPE.continuation, 1);
const LONG_SETTINGS = encodeSettings(...Array.from({ length: 20 }, () => [WINDOW_SETTING, 1] as const));
const LONG_DATA = encodeFrame(TYPE.data, 1, Buffer.alloc(1000));

const STALLS: Readonly<Record<string, Pieces>> = {
  'half a preface': [PREFACE.subarray(0, 20)],
  'no SETTINGS': [PREFACE],
  'half a frame header': [Buffer.concat([HELLO, Buffer.alloc(4)])],
  'half a frame': [Buffer.concat([HELLO, OPEN, LONG_DATA.subarray(0, 500)])],
  'half a header block': [Buffer.concat([HELLO, encodeRequest(1, encodeGet('/'), END_STREAM)])],
  'SETTINGS, a byte at a time': [PREFACE, (at) => LONG_SETTINGS.subarray(at, at + 1)],
  'a frame, a byte at a time': [
    Buffer.concat([HELLO, OPEN, LONG_DATA.subarray(0, 9)]),
    () => Buffer.alloc(1),
  ],
  'a header block, a byte at a time': [
    Buffer.concat([HELLO, encodeRequest(1, encodeGet('/'), END_STREAM)]),
    (at) => EMPTY_CONTINUATION.subarray(at % 9, (at % 9) + 1),
  ],
};

/** Resolves when the proxy has ended the connection. */
async function stall(side: Side, [first, next]: Pieces): Promise<void> {
  const raw = openRaw(targetOf(side));
  raw.send(first);
  const timer = setInterval(() => {
    if (next !== undefined && raw.ended() === 'open') raw.send(next(at++));
  }, 2000);
  let at = 0;
  await raw.untilEnded(STALL_PATIENCE_MS);
  clearInterval(timer);
  raw.close();
}

function targetOf(side: Side): RawTarget {
  if (side === 'inbound') return { host: podIp(mesh.pod('web')), port: H2_PORT };
  return throughRelay(mesh, { service: 'web', port: H2_PORT });
}

/**
 * Floods one connection until it is told to calm down; answers with the code it was told, or `reset` where it went on
 * for so long that the proxy closed on it before it had read that.
 */
async function flood(side: Side, attack: Flood): Promise<number | 'reset'> {
  const connection = openH2(targetOf(side));
  connection.send(...(attack.first ?? []));
  for (let batch = 0; batch < BATCHES && connection.raw.ended() === 'open'; batch++) {
    const frames = Array.from({ length: BATCH }, (_, at) => attack.frames(batch * BATCH + at));
    const bytes = Buffer.concat(frames.flat());
    if (!connection.raw.socket.write(bytes)) await drained(connection);
    if (connection.frames().some(({ type }) => type === TYPE.goAway)) break;
  }
  await connection.raw.untilEnded();
  const goAway = connection.frames().find(({ type }) => type === TYPE.goAway);
  connection.raw.close();
  if (goAway !== undefined) return goAway.payload.readUInt32BE(4);
  if (connection.raw.ended() === 'reset') return 'reset';
  throw new Error('the connection ended without a GOAWAY');
}

async function drained({ raw: { socket } }: RawH2): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race(
    ['drain', 'close', 'end'].map((event) => once(socket, event, { signal }).catch(() => {})),
  );
  over.abort();
}

type Reason = 'flood' | 'unfinished' | 'slow_reader' | 'keep_alive_timeout';

interface Observation {
  readonly anonBytes: number;
  readonly refusals: Readonly<Record<Reason, number>>;
}

/** What the side's proxy keeps in memory, and what it has counted. */
async function observe(side: Side): Promise<Observation> {
  const pod = mesh.pod(side === 'inbound' ? 'web' : 'client');
  const { pid } = containerOf(pod, 'linkerd-proxy');
  const anonymous = /^RssAnon:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const { body } = await get({ host: podIp(pod), port: ADMIN_PORT }, '/metrics');
  const count = (reason: string) => {
    const series = `http_server_refusals_total{direction="${side}",version="http/2",reason="${reason}"} `;
    return Number(body.split(series)[1]?.split('\n')[0] ?? 0);
  };
  return {
    anonBytes: Number(anonymous) * 1024,
    refusals: {
      flood: count('flood'),
      unfinished: count('unfinished'),
      slow_reader: count('slow_reader'),
      keep_alive_timeout: count('keep_alive_timeout'),
    },
  };
}

function expectBounded(what: string, before: Observation, after: Observation): void {
  const toMb = (bytes: number) => (bytes / 1024 / 1024).toFixed(0);
  report(`${what}: private memory ${toMb(before.anonBytes)} MB before, ${toMb(after.anonBytes)} MB after`);
  expect(after.anonBytes - before.anonBytes).toBeLessThan(MOST_GROWTH_BYTES);
}

interface Bystander {
  /** Sends a request on a connection that has been open all the time, and checks the answer. */
  ask(): Promise<void>;
  leave(): void;
}

function meetBystander(side: Side): Bystander {
  const session = openSession(targetOf(side));
  return {
    ask: async () =>
      expect(await getBody(session, '/bytes?1000')).toEqual({ status: 200, body: 'x'.repeat(1000) }),
    leave: () => session.destroy(),
  };
}
