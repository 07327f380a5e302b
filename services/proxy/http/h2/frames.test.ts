import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { H2_ERROR, type RequestSink } from '../exchange.ts';
import { DEFAULT_H2_CONFIG, type H2Config } from './config.ts';
import { CLIENT_PREFACE, FLAG, FRAME } from './frame.ts';
import {
  connectSocket,
  frame,
  GET_BLOCK,
  keepRequests,
  type Listening,
  RawPeer,
  responseHead,
  startServer,
  u32,
  until,
} from './loopback.testing.ts';
import type { H2ServerConnection } from './server-connection.ts';

const config: H2Config = {
  ...DEFAULT_H2_CONFIG,
  maxConcurrentStreams: 5,
  floods: {
    ...DEFAULT_H2_CONFIG.floods,
    resets: { burst: 20, perSecond: 0 },
    pings: { burst: 20, perSecond: 0 },
    settings: { burst: 20, perSecond: 0 },
    emptyFrames: { burst: 20, perSecond: 0 },
    idleFrames: { burst: 20, perSecond: 0 },
  },
};

const END = FLAG.endStream | FLAG.endHeaders;
const SETTINGS = frame(FRAME.settings);
const get = (streamId: number, flags = END) => frame(FRAME.headers, { streamId, flags, payload: GET_BLOCK });
const post = (streamId: number) => get(streamId, FLAG.endHeaders);
const data = (streamId: number, bytes: number, flags = 0) =>
  frame(FRAME.data, { streamId, flags, payload: Buffer.alloc(bytes) });
const update = (streamId: number, bytes: number) =>
  frame(FRAME.windowUpdate, { streamId, payload: u32(bytes) });
const reset = (streamId: number) => frame(FRAME.rstStream, { streamId, payload: u32(H2_ERROR.cancel) });
const setting = (identifier: number, value: number) => {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(identifier);
  payload.writeUInt32BE(value, 2);
  return frame(FRAME.settings, { payload });
};
const times = (count: number, make: (i: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));

const E = H2_ERROR;
/** Takes bodies and never credits them. */
const NOBODY: RequestSink = {
  requestData: () => {},
  requestTrailers: () => {},
  requestCancelled: () => {},
  responseCredit: () => {},
};
let handler: ReturnType<typeof keepRequests>;
let server: Listening & { connections: H2ServerConnection[] };

beforeEach(async () => {
  handler = keepRequests();
  server = await startServer({ handler, config });
});
afterEach(() => server.close());

describe('a connection error', () => {
  it.each<[string, number, Buffer]>([
    ['HEADERS on stream 0', E.protocolError, get(0)],
    ['HEADERS on an even stream', E.protocolError, get(2)],
    ['HEADERS on a lower stream', E.streamClosed, Buffer.concat([get(5), reset(5), get(3)])],
    ['DATA on stream 0', E.protocolError, data(0, 1)],
    ['DATA on an idle stream', E.protocolError, data(1, 1)],
    ['a frame above 16,384 bytes', E.frameSizeError, frame(FRAME.data, { streamId: 1, length: 16_385 })],
    ['RST_STREAM on an idle stream', E.protocolError, reset(7)],
    ['RST_STREAM on stream 0', E.protocolError, reset(0)],
    [
      'RST_STREAM of 3 bytes',
      E.frameSizeError,
      frame(FRAME.rstStream, { streamId: 1, payload: Buffer.alloc(3) }),
    ],
    ['WINDOW_UPDATE on an idle stream', E.protocolError, update(9, 1)],
    ['WINDOW_UPDATE of 0 on the connection', E.protocolError, update(0, 0)],
    ['WINDOW_UPDATE of 3 bytes', E.frameSizeError, frame(FRAME.windowUpdate, { payload: Buffer.alloc(3) })],
    ['a connection window above 2³¹-1', E.flowControlError, update(0, 0x7fffffff)],
    ['SETTINGS on a stream', E.protocolError, frame(FRAME.settings, { streamId: 1 })],
    ['SETTINGS of 5 bytes', E.frameSizeError, frame(FRAME.settings, { payload: Buffer.alloc(5) })],
    [
      'a SETTINGS ack with a payload',
      E.frameSizeError,
      frame(FRAME.settings, { flags: 1, payload: Buffer.alloc(6) }),
    ],
    ['ENABLE_PUSH of 2', E.protocolError, setting(2, 2)],
    ['INITIAL_WINDOW_SIZE above 2³¹-1', E.flowControlError, setting(4, 0x80000000)],
    ['MAX_FRAME_SIZE below 16,384', E.protocolError, setting(5, 16_383)],
    ['MAX_FRAME_SIZE above 2²⁴-1', E.protocolError, setting(5, 0x1000000)],
    ['PING of 7 bytes', E.frameSizeError, frame(FRAME.ping, { payload: Buffer.alloc(7) })],
    ['PING on a stream', E.protocolError, frame(FRAME.ping, { streamId: 1, payload: Buffer.alloc(8) })],
    ['GOAWAY on a stream', E.protocolError, frame(FRAME.goAway, { streamId: 1, payload: Buffer.alloc(8) })],
    ['GOAWAY of 7 bytes', E.frameSizeError, frame(FRAME.goAway, { payload: Buffer.alloc(7) })],
    [
      'PRIORITY of 4 bytes',
      E.frameSizeError,
      frame(FRAME.priority, { streamId: 1, payload: Buffer.alloc(4) }),
    ],
    ['PUSH_PROMISE', E.protocolError, frame(FRAME.pushPromise, { streamId: 1, payload: Buffer.alloc(4) })],
    ['CONTINUATION without HEADERS', E.protocolError, frame(FRAME.continuation, { streamId: 1 })],
    [
      'a frame between HEADERS and CONTINUATION',
      E.protocolError,
      Buffer.concat([get(1, FLAG.endStream), SETTINGS]),
    ],
    [
      'CONTINUATION of another stream',
      E.protocolError,
      Buffer.concat([
        get(1, FLAG.endStream),
        frame(FRAME.continuation, { streamId: 3, flags: FLAG.endHeaders }),
      ]),
    ],
    [
      'padding as long as the payload',
      E.protocolError,
      Buffer.concat([
        post(1),
        frame(FRAME.data, { streamId: 1, flags: FLAG.padded, payload: Buffer.from([3, 0, 0]) }),
      ]),
    ],
    [
      'padding without a length',
      E.protocolError,
      Buffer.concat([post(1), frame(FRAME.data, { streamId: 1, flags: FLAG.padded })]),
    ],
    [
      'HEADERS too short for its priority',
      E.frameSizeError,
      frame(FRAME.headers, { streamId: 1, flags: END | FLAG.priority, payload: Buffer.alloc(4) }),
    ],
    [
      'a block that is not HPACK',
      E.compressionError,
      frame(FRAME.headers, { streamId: 1, flags: END, payload: Buffer.from([0x80]) }),
    ],
    ['too many pings', E.enhanceYourCalm, times(30, () => frame(FRAME.ping, { payload: Buffer.alloc(8) }))],
    ['too many settings', E.enhanceYourCalm, times(30, () => SETTINGS)],
    ['too many empty DATA frames', E.enhanceYourCalm, Buffer.concat([post(1), times(30, () => data(1, 0))])],
    [
      'too many PRIORITY frames',
      E.enhanceYourCalm,
      times(30, () => frame(FRAME.priority, { streamId: 1, payload: Buffer.alloc(5) })),
    ],
    ['too many frames of unknown types', E.enhanceYourCalm, times(30, () => frame(0xbe))],
    ['rapid resets', E.enhanceYourCalm, times(30, (i) => Buffer.concat([get(2 * i + 1), reset(2 * i + 1)]))],
    [
      'resets that it makes us send',
      E.enhanceYourCalm,
      times(30, (i) => Buffer.concat([post(2 * i + 1), update(2 * i + 1, 0)])),
    ],
    [
      'too many CONTINUATION frames',
      E.enhanceYourCalm,
      Buffer.concat([get(1, FLAG.endStream), times(30, () => frame(FRAME.continuation, { streamId: 1 }))]),
    ],
  ])('%s', async (_, code, bytes) => {
    const peer = await RawPeer.connect(server.port);
    peer.write(bytes);
    expect(await peer.goAwayCode()).toBe(code);
    await until(() => peer.closed, 'the close');
    for (const request of handler.seen) expect(request.cancelled).toBeDefined();
  });

  it('more DATA than the connection window', async () => {
    const greedy = await startServer({ handler: { handleRequest: () => NOBODY } });
    const peer = await RawPeer.connect(greedy.port);
    for (let id = 1; id < 40; id += 2)
      peer.write(post(id), ...Array.from({ length: 4 }, () => data(id, 16_000)));
    expect(await peer.goAwayCode()).toBe(E.flowControlError);
    await greedy.close();
  });

  it('a wrong preface', async () => {
    const peer = new RawPeer(await connectSocket(server.port));
    peer.write(Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    expect(await peer.goAwayCode()).toBe(E.protocolError);
  });

  it('a first frame that is not SETTINGS', async () => {
    const peer = new RawPeer(await connectSocket(server.port));
    peer.write(CLIENT_PREFACE, get(1));
    expect(await peer.goAwayCode()).toBe(E.protocolError);
  });

  it('names the last stream that was taken', async () => {
    const peer = await RawPeer.connect(server.port);
    peer.write(get(1), get(5), data(0, 1));
    expect((await peer.frame(FRAME.goAway)).payload.readUInt32BE(0)).toBe(5);
  });
});

describe('a stream error', () => {
  const headers = (payload: Buffer, flags = END) => frame(FRAME.headers, { streamId: 1, flags, payload });
  const withLength = (length: string) =>
    Buffer.concat([GET_BLOCK, Buffer.from([0x0f, 13, length.length]), Buffer.from(length)]);

  it.each<[string, number, Buffer]>([
    ['a request without :path', E.protocolError, headers(Buffer.from('8286', 'hex'))],
    [
      'more DATA than content-length',
      E.protocolError,
      Buffer.concat([headers(withLength('3'), 4), data(1, 4)]),
    ],
    [
      'less DATA than content-length',
      E.protocolError,
      Buffer.concat([headers(withLength('3'), 4), data(1, 2, 1)]),
    ],
    ['WINDOW_UPDATE of 0', E.protocolError, Buffer.concat([get(1), update(1, 0)])],
    ['a window above 2³¹-1', E.flowControlError, Buffer.concat([get(1), update(1, 0x7fffffff)])],
    ['DATA after END_STREAM', E.streamClosed, Buffer.concat([get(1), data(1, 1)])],
    ['HEADERS after END_STREAM', E.streamClosed, Buffer.concat([get(1), headers(Buffer.alloc(0))])],
    ['trailers without END_STREAM', E.protocolError, Buffer.concat([post(1), headers(Buffer.alloc(0), 4)])],
    [
      'trailers with a pseudo-header field',
      E.protocolError,
      Buffer.concat([post(1), headers(Buffer.from([0x82]))]),
    ],
    [
      'one stream too many',
      E.refusedStream,
      Buffer.concat([get(3), get(5), get(7), get(9), get(11), Buffer.from(get(13))]),
    ],
  ])('%s', async (_, code, bytes) => {
    const peer = await RawPeer.connect(server.port);
    const streamId = code === E.refusedStream ? 13 : 1;
    peer.write(bytes);
    expect(await peer.resetCode(streamId)).toBe(code);
    peer.write(frame(FRAME.ping, { payload: Buffer.from('still on') }));
    expect((await peer.frame(FRAME.ping)).payload.toString()).toBe('still on');
  });

  it('DATA above the stream window, while nobody credits', async () => {
    handler.handleRequest = () => NOBODY;
    const peer = await RawPeer.connect(server.port);
    peer.write(
      post(1),
      times(5, () => data(1, 16_384)),
    );
    expect(await peer.resetCode(1)).toBe(E.flowControlError);
    peer.write(
      post(3),
      times(4, () => data(3, 16_000)),
    );
    peer.write(frame(FRAME.ping, { payload: Buffer.alloc(8) }));
    await peer.frame(FRAME.ping);
    expect(peer.frames.some((seen) => seen.type === FRAME.goAway)).toBe(false);
  });

  it('a header list above 16 KiB is answered with 431', async () => {
    const peer = await RawPeer.connect(server.port);
    const value = Buffer.alloc(9000, 'v');
    const field = Buffer.concat([Buffer.from([0x00, 1, 0x61, 0x7f, 0xa9, 0x45]), value]);
    peer.write(
      frame(FRAME.headers, { streamId: 1, flags: 0, payload: Buffer.concat([GET_BLOCK, field]) }),
      frame(FRAME.continuation, { streamId: 1, flags: FLAG.endHeaders, payload: field }),
    );
    const { payload } = await peer.frame(FRAME.headers, 1);
    expect(payload.toString('latin1')).toContain('431');
    expect(await peer.resetCode(1)).toBe(E.noError);
    expect(handler.seen).toEqual([]);
  });
});

describe('what is allowed', () => {
  it('frames of unknown types, PRIORITY, padding, and frames behind our reset', async () => {
    const peer = await RawPeer.connect(server.port);
    peer.write(
      frame(0xf0, { payload: Buffer.alloc(3) }),
      frame(FRAME.priority, { streamId: 1, payload: Buffer.alloc(5) }),
      frame(FRAME.headers, {
        streamId: 1,
        flags: FLAG.endHeaders | FLAG.padded | FLAG.priority,
        payload: Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 9]), GET_BLOCK, Buffer.alloc(2)]),
      }),
      frame(FRAME.data, { streamId: 1, flags: FLAG.padded, payload: Buffer.from([2, 0x68, 0x69, 0, 0]) }),
      update(1, 0),
      data(1, 5, 1),
    );
    expect(await peer.resetCode(1)).toBe(E.protocolError);
    peer.write(get(3));
    await until(() => handler.seen.length === 2, 'the second request');
    expect(handler.seen[0]?.body.map(String)).toEqual(['hi']);
  });

  it('a request cut at every byte', async () => {
    const head = Buffer.concat([SETTINGS, post(1), data(1, 3), data(1, 2, 1)]);
    const whole = Buffer.concat([CLIENT_PREFACE, head]);
    for (let cut = 1; cut < whole.length; cut++) {
      const peer = new RawPeer(await connectSocket(server.port));
      peer.write(whole.subarray(0, cut));
      await new Promise(setImmediate);
      peer.write(whole.subarray(cut));
      await until(() => handler.seen.at(-1)?.ended === true && handler.seen.length === cut, `cut ${cut}`);
      expect(Buffer.concat(handler.seen.at(-1)?.body ?? []).length).toBe(5);
      peer.socket.destroy();
    }
  });

  it('bytes that come one by one', async () => {
    const peer = new RawPeer(await connectSocket(server.port));
    const whole = Buffer.concat([CLIENT_PREFACE, SETTINGS, post(1), data(1, 3, 1)]);
    for (const byte of whole) {
      peer.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await until(() => handler.seen[0]?.ended === true, 'the request');
  });
});

describe('flow control of responses', () => {
  const body = Buffer.alloc(100_000, 'b');
  const bodyBytes = (peer: RawPeer) =>
    peer.frames
      .filter((seen) => seen.type === FRAME.data)
      .reduce((sum, seen) => sum + seen.payload.length, 0);

  async function respond(...first: Buffer[]): Promise<RawPeer> {
    const peer = await RawPeer.connect(server.port);
    peer.write(...first, get(1));
    await until(() => handler.seen.length === 1, 'the request');
    handler.seen[0]?.response.responseHead(responseHead(200), false);
    handler.seen[0]?.response.responseData(body, false);
    return peer;
  }

  it('stays within the connection window, and goes on when it grows', async () => {
    const peer = await respond(setting(4, 1_000_000));
    await until(() => bodyBytes(peer) === 65_535, 'a full window');
    expect(handler.seen[0]?.credited).toBe(65_535);
    peer.write(update(0, 10_000));
    await until(() => bodyBytes(peer) === 75_535, 'the next bytes');
    peer.write(update(0, 1_000_000));
    await until(() => bodyBytes(peer) === 100_000, 'the rest');
    expect(handler.seen[0]?.credited).toBe(100_000);
  });

  it('sends nothing into a zero window until the settings change, then also what they leave', async () => {
    const peer = await respond(setting(4, 0), update(0, 1_000_000));
    await peer.frame(FRAME.headers, 1);
    expect(bodyBytes(peer)).toBe(0);
    peer.write(setting(4, 10));
    await until(() => bodyBytes(peer) === 10, 'ten bytes');
    peer.write(setting(4, 0), update(1, 15));
    await until(() => bodyBytes(peer) === 15, 'a window that was negative');
    peer.write(update(1, 1_000_000));
    handler.seen[0]?.response.responseData(Buffer.from('end'), true);
    await until(() => bodyBytes(peer) === 100_003, 'the rest');
    expect(peer.frames.at(-1)?.flags).toBe(FLAG.endStream);
  });

  it('credits what a reset throws away, once', async () => {
    const peer = await respond();
    await until(() => bodyBytes(peer) === 65_535, 'a full window');
    peer.write(reset(1));
    await until(() => handler.seen[0]?.cancelled === E.cancel, 'the reset');
    expect(handler.seen[0]?.credited).toBe(100_000);
  });

  it('shares the connection window between streams', async () => {
    const peer = await RawPeer.connect(server.port);
    peer.write(get(1), get(3));
    await until(() => handler.seen.length === 2, 'the requests');
    for (const { response } of handler.seen) {
      response.responseHead(responseHead(200), false);
      response.responseData(body.subarray(0, 60_000), true);
    }
    await until(() => bodyBytes(peer) === 65_535, 'a full window');
    peer.write(update(0, 30_000));
    await until(() => bodyBytes(peer) === 95_535, 'more');
    peer.write(update(0, 100_000));
    await until(() => bodyBytes(peer) === 120_000, 'all');
  });
});

describe('shutdown()', () => {
  it('lets requests in flight come, names the last one, finishes them, and closes', async () => {
    const peer = await RawPeer.connect(server.port);
    peer.write(get(1));
    await until(() => handler.seen.length === 1, 'the request');
    server.connections[0]?.shutdown();
    expect((await peer.frame(FRAME.goAway)).payload.readUInt32BE(0)).toBe(0x7fffffff);
    const ping = await peer.frame(FRAME.ping);
    peer.write(get(3), frame(FRAME.ping, { flags: FLAG.ack, payload: ping.payload }), get(5));
    await until(
      () => peer.frames.filter((seen) => seen.type === FRAME.goAway).length === 2,
      'the second GOAWAY',
    );
    expect(peer.frames.findLast((seen) => seen.type === FRAME.goAway)?.payload.readUInt32BE(0)).toBe(3);
    expect(handler.seen.length).toBe(2);
    expect(peer.closed).toBe(false);
    for (const { response } of handler.seen) response.responseHead(responseHead(204), true);
    await until(() => peer.closed, 'the close');
    expect(peer.frames.filter((seen) => seen.type === FRAME.headers).length).toBe(2);
  });
});

describe('a greater limit of frames', () => {
  it('takes what fits, in however many pieces it comes, and not a byte more', async () => {
    const wide = await startServer({ handler, config: { ...config, maxFrameBytes: 40_000 } });
    try {
      const peer = await RawPeer.connect(wide.port);
      const bytes = Buffer.concat([post(1), data(1, 40_000)]);
      for (let at = 0; at < bytes.length; at += 17_000) {
        peer.write(bytes.subarray(at, at + 17_000));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await until(() => handler.seen[0]?.body[0]?.length === 40_000, 'the frame');
      peer.write(frame(FRAME.data, { streamId: 1, length: 40_001 }));
      expect(await peer.goAwayCode()).toBe(E.frameSizeError);
    } finally {
      await wide.close();
    }
  });
});
