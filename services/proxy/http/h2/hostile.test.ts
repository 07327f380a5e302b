import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '#lib/base';
import { H2_ERROR as E, type RequestHandler } from '../exchange.ts';
import type { ResponseHead } from '../head.ts';
import { createH2Counters, DEFAULT_H2_CONFIG, type H2Config } from './config.ts';
import { CLIENT_PREFACE, FLAG, FRAME } from './frame.ts';
import {
  Collector,
  connectClient,
  connectSocket,
  echo,
  frame,
  GET_BLOCK,
  keepRequests,
  type Listening,
  RawPeer,
  requestHead,
  responseHead,
  send,
  startServer,
  u32,
  until,
} from './loopback.testing.ts';

const FEW = { burst: 10, perSecond: 0 };
const CONFIG: H2Config = {
  ...DEFAULT_H2_CONFIG,
  floods: { ...DEFAULT_H2_CONFIG.floods, resets: FEW, windowUpdates: FEW, idleFrames: FEW },
  stalls: { unfinishedMs: 90, queuedBytes: 100_000, queuedMs: 90, unreadMs: 60 },
};
const END = FLAG.endStream | FLAG.endHeaders;
const SETTINGS = frame(FRAME.settings);
const OPEN = frame(FRAME.headers, { streamId: 1, flags: FLAG.endHeaders, payload: GET_BLOCK });
const get = (streamId: number) => frame(FRAME.headers, { streamId, flags: END, payload: GET_BLOCK });
const times = (count: number, one: Buffer) => Buffer.concat(Array.from({ length: count }, () => one));

const listening: Listening[] = [];
afterEach(async () => {
  for (const one of listening.splice(0)) await one.close();
});

async function serve(handler: RequestHandler, clock?: Clock) {
  const counters = createH2Counters();
  const server = await startServer({
    handler,
    config: CONFIG,
    counters,
    ...(clock === undefined ? {} : { clock }),
  });
  listening.push(server);
  return { ...server, counters };
}

/** Answers with so many bytes, sent as fast as they are credited. */
function answering(bytes: number): RequestHandler {
  return {
    handleRequest(_head, _end, response) {
      let left = bytes;
      let credit = 0;
      let isFeeding = false;
      const feed = (more: number) => {
        credit += more;
        if (isFeeding) return;
        isFeeding = true;
        while (left > 0 && credit > 0) {
          const next = Math.min(left, credit);
          left -= next;
          credit -= next;
          response.responseData(Buffer.alloc(next, 'x'), left === 0);
        }
        isFeeding = false;
      };
      response.responseHead(responseHead(200), false);
      feed(65_536);
      return { requestData() {}, requestTrailers() {}, requestCancelled() {}, responseCredit: feed };
    },
  };
}

describe('H2ServerConnection is calmed', () => {
  it.each<[string, Buffer]>([
    ['WINDOW_UPDATE frames of the connection', times(20, frame(FRAME.windowUpdate, { payload: u32(1) }))],
    [
      'WINDOW_UPDATE frames of a stream',
      Buffer.concat([OPEN, times(20, frame(FRAME.windowUpdate, { streamId: 1, payload: u32(1) }))]),
    ],
    ['acknowledgements of SETTINGS', times(20, frame(FRAME.settings, { flags: FLAG.ack }))],
    ['answers to PINGs', times(20, frame(FRAME.ping, { flags: FLAG.ack, payload: Buffer.alloc(8) }))],
    ['GOAWAY frames', times(20, frame(FRAME.goAway, { payload: Buffer.alloc(8) }))],
  ])('by too many %s', async (_, frames) => {
    const { port, counters } = await serve(keepRequests());
    const peer = await RawPeer.connect(port);
    peer.write(frames);
    expect(await peer.goAwayCode()).toBe(E.enhanceYourCalm);
    expect(counters.floods).toBe(1);
  });

  it('by resets of young streams, and not by those that were waited for', async () => {
    let nowMs = 0;
    const { port } = await serve(keepRequests(), { now: () => 0, monotonic: () => nowMs });
    const peer = await RawPeer.connect(port);
    const ids = Array.from({ length: 20 }, (_, at) => 2 * at + 1);
    const reset = (streamId: number) => frame(FRAME.rstStream, { streamId, payload: u32(E.cancel) });
    peer.write(...ids.map(get), frame(FRAME.ping, { payload: Buffer.alloc(8) }));
    await peer.frame(FRAME.ping);
    nowMs = 1000;
    peer.write(...ids.map(reset), frame(FRAME.ping, { payload: Buffer.alloc(8, 1) }));
    await until(() => peer.frames.filter(({ type }) => type === FRAME.ping).length === 2, 'the second PING');
    peer.write(...ids.flatMap((id) => [get(id + 40), reset(id + 40)]));
    expect(await peer.goAwayCode()).toBe(E.enhanceYourCalm);
  });
});

describe('a stream that depends on itself', () => {
  it.each<[string, Buffer]>([
    [
      'by HEADERS',
      frame(FRAME.headers, {
        streamId: 1,
        flags: END | FLAG.priority,
        payload: Buffer.concat([u32(1), Buffer.from([16]), GET_BLOCK]),
      }),
    ],
    [
      'by PRIORITY',
      frame(FRAME.priority, { streamId: 3, payload: Buffer.concat([u32(3), Buffer.from([1])]) }),
    ],
  ])('%s ends the connection', async (_, frames) => {
    const { port } = await serve(keepRequests());
    const peer = await RawPeer.connect(port);
    peer.write(frames);
    expect(await peer.goAwayCode()).toBe(E.protocolError);
  });
});

describe('what is begun and not finished', () => {
  const data = frame(FRAME.data, { streamId: 1, payload: Buffer.alloc(100) });
  const headers = frame(FRAME.headers, { streamId: 3, payload: GET_BLOCK });
  const hello = Buffer.concat([CLIENT_PREFACE, SETTINGS]);
  it.each<[string, Buffer]>([
    ['nothing at all', Buffer.alloc(0)],
    ['a preface', CLIENT_PREFACE.subarray(0, 10)],
    ['SETTINGS', CLIENT_PREFACE],
    ['a frame header', Buffer.concat([hello, data.subarray(0, 4)])],
    ['a frame', Buffer.concat([hello, OPEN, data.subarray(0, 50)])],
    ['a header block', Buffer.concat([hello, headers])],
    ['a header block, in the middle of a frame', Buffer.concat([hello, headers, data.subarray(0, 3)])],
  ])('%s: ends the connection', async (_, bytes) => {
    const { port, counters } = await serve(keepRequests());
    const peer = new RawPeer(await connectSocket(port));
    peer.write(bytes);
    expect(await peer.goAwayCode()).toBe(E.enhanceYourCalm);
    expect(counters.unfinished).toBe(1);
  });

  it('is no matter while something is finished now and then', async () => {
    const { port, counters } = await serve(echo);
    const peer = await RawPeer.connect(port);
    peer.write(OPEN);
    const stream = Buffer.concat(Array.from({ length: 12 }, () => data));
    for (let at = 0; at < stream.length; at += 100) {
      peer.write(stream.subarray(at, at + 100));
      await sleep(20);
    }
    await sleep(150);
    expect([peer.closed, counters.unfinished]).toEqual([false, 0]);
  });
});

describe('a slow reader', () => {
  it('of many bodies ends its connection', async () => {
    const { port, counters } = await serve(answering(200_000));
    const peer = await RawPeer.connect(port);
    peer.write(
      frame(FRAME.settings, { payload: Buffer.from('000400000000', 'hex') }),
      get(1),
      get(3),
      get(5),
    );
    expect(await peer.goAwayCode()).toBe(E.enhanceYourCalm);
    expect(counters.slowReaders).toBe(1);
  });

  it('of few may take its time', async () => {
    const { port, counters } = await serve(answering(200_000));
    const peer = await RawPeer.connect(port);
    peer.write(frame(FRAME.settings, { payload: Buffer.from('000400000000', 'hex') }), get(1));
    await sleep(300);
    expect([peer.closed, counters.slowReaders]).toEqual([false, 0]);
  });

  it.each([
    ['loses its stream where it', 100_000],
    ['of a response that came whole does not count where it', 65_535],
  ])('%s holds up others on a connection to a server', async (_, bytes) => {
    const { port } = await serve(answering(bytes));
    const client = await connectClient(port, { config: { ...CONFIG, connectionWindowBytes: 65_535 } });
    const held = new Collector();
    held.holding = true;
    held.request = client.request(requestHead(), true, held);
    // Nobody else wants anything: it may take its time.
    await sleep(200);
    const isWhole = bytes <= 65_535;
    expect([held.bytes.length, held.ended]).toEqual([65_535, isWhole]);
    const waiting = await send(client, requestHead());
    expect(waiting.bytes.length).toBe(bytes);
    if (isWhole) expect(held.failure).toBeUndefined();
    else expect(held.failure).toMatchObject({ kind: 'slow', unprocessed: false });
    client.shutdown();
  });
});

describe('a client that cancels much', () => {
  it('moves to another connection before its server ends this one, and loses nothing', async () => {
    const handler = keepRequests();
    const server = await startServer({ handler });
    listening.push(server);
    const client = await connectClient(server.port);
    const kept = new Collector();
    kept.request = client.request(requestHead(), true, kept);
    for (let round = 0; round < 600 && client.canTakeRequest; round++) {
      client.request(requestHead(), true, new Collector()).requestCancelled(E.cancel);
    }
    expect(client.state).toBe('draining');
    await until(() => handler.seen.length > 1, 'the requests');
    handler.seen[0]?.response.responseHead(responseHead(200), true);
    expect((await kept.done()).failure).toBeUndefined();
  });
});

describe('a response', () => {
  it('comes behind its interim ones', async () => {
    const handler = keepRequests();
    const { port } = await serve(handler);
    const client = await connectClient(port);
    const interim: ResponseHead[] = [];
    const collector = Object.assign(new Collector(), {
      responseInterim: (head: ResponseHead) => interim.push(head),
    });
    collector.request = client.request(requestHead(), true, collector);
    await until(() => handler.seen.length === 1, 'the request');
    const { response } = handler.seen[0]!;
    response.responseInterim?.(responseHead(103, { link: '</a>' }));
    response.responseHead(responseHead(200), true);
    response.responseInterim?.(responseHead(103));
    await collector.done();
    expect(interim.map(({ status, fields }) => [status, fields[0]?.line])).toEqual([[103, 'link: </a>\r\n']]);
    expect(collector.head?.status).toBe(200);
    client.shutdown();
  });

  it.each([
    ['reset', E.noError, E.noError],
    ['reset', E.connectError, E.connectError],
    ['io', E.cancel, E.internalError],
    ['connect', E.noError, E.internalError],
    ['slow', E.enhanceYourCalm, E.enhanceYourCalm],
  ] as const)('that failed by %s with code %i is reset with %i', async (kind, code, sent) => {
    const handler = keepRequests();
    const { port } = await serve(handler);
    const peer = await RawPeer.connect(port);
    peer.write(get(1));
    await until(() => handler.seen.length === 1, 'the request');
    handler.seen[0]?.response.responseFailed({ kind, code, message: 'gone', unprocessed: false });
    expect(await peer.resetCode(1)).toBe(sent);
  });
});
