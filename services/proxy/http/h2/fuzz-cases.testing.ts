/**
 * Generated conversations: those of a client and of a server, with frames dropped, doubled, swapped, cut and changed.
 * Each case comes from a seeded source and nothing else, so that its seed is its name: the unit suite runs a fixed
 * number, and whoever likes runs them without end.
 */
import type { Random } from '#lib/base';
import { H2ClientConnection } from './client-connection.ts';
import { CLIENT_PREFACE, FLAG, FRAME, FRAME_HEADER_BYTES } from './frame.ts';
import { Collector, echo, frame, GET_BLOCK, MemoryWire, requestHead, u32 } from './loopback.testing.ts';
import { H2ServerConnection } from './server-connection.ts';

/** Nobody reads what connections write. */
const out = Buffer.alloc(65_536);
const END = FLAG.endStream | FLAG.endHeaders;

const post = frame(FRAME.headers, { streamId: 1, flags: FLAG.endHeaders, payload: GET_BLOCK });
const clientTalk = [
  CLIENT_PREFACE,
  frame(FRAME.settings, { payload: Buffer.from('000400010000', 'hex') }),
  post,
  frame(FRAME.data, { streamId: 1, payload: Buffer.from('hello') }),
  frame(FRAME.headers, { streamId: 3, flags: FLAG.endStream, payload: GET_BLOCK }),
  frame(FRAME.continuation, {
    streamId: 3,
    flags: FLAG.endHeaders,
    payload: Buffer.from('40016101620f0d0130', 'hex'),
  }),
  frame(FRAME.data, {
    streamId: 1,
    flags: FLAG.endStream | FLAG.padded,
    payload: Buffer.from('0268690000', 'hex'),
  }),
  frame(FRAME.windowUpdate, { streamId: 1, payload: u32(100) }),
  frame(FRAME.ping, { payload: Buffer.alloc(8) }),
  frame(FRAME.rstStream, { streamId: 3, payload: u32(8) }),
  frame(FRAME.headers, { streamId: 5, flags: END, payload: Buffer.from('828684be', 'hex') }),
  frame(FRAME.priority, { streamId: 5, payload: Buffer.alloc(5) }),
];
const serverTalk = [
  frame(FRAME.settings, { payload: Buffer.from('000300000064', 'hex') }),
  frame(FRAME.headers, { streamId: 1, flags: FLAG.endHeaders, payload: Buffer.from('884001610162', 'hex') }),
  frame(FRAME.data, { streamId: 1, payload: Buffer.from('hello') }),
  frame(FRAME.headers, { streamId: 1, flags: END, payload: Buffer.from('be', 'hex') }),
  frame(FRAME.headers, { streamId: 3, flags: END, payload: Buffer.from('89be', 'hex') }),
  frame(FRAME.settings, { flags: FLAG.ack }),
  frame(FRAME.windowUpdate, { payload: u32(1000) }),
  frame(FRAME.rstStream, { streamId: 5, payload: u32(7) }),
  frame(FRAME.goAway, { payload: Buffer.concat([u32(5), u32(0)]) }),
];

/** Changes bytes, and drops, doubles, swaps and cuts frames. */
function mutate(talk: readonly Buffer[], random: Random): Buffer {
  const pick = (count: number) => Math.floor(random() * count);
  const frames = talk.map((bytes) => Buffer.from(bytes));
  for (let change = pick(4); change >= 0; change--) {
    const target = pick(frames.length);
    const bytes = frames[target]!;
    switch (pick(6)) {
      case 0:
        frames.splice(target, 1);
        break;
      case 1:
        frames.splice(target, 0, bytes);
        break;
      case 2:
        frames.push(...frames.splice(target, 1));
        break;
      case 3:
        frames[target] = bytes.subarray(0, pick(bytes.length));
        break;
      case 4:
        bytes[pick(Math.min(bytes.length, FRAME_HEADER_BYTES))] = pick(256);
        break;
      default:
        bytes[pick(bytes.length)] = pick(256);
    }
    if (frames.length === 0) frames.push(Buffer.from([0]));
  }
  return Buffer.concat(frames);
}

/** Feeds bytes in random pieces. */
function feed(receiver: { onBytes(chunk: Buffer): void }, bytes: Buffer, random: Random): void {
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + 1 + Math.floor(random() * 40));
    receiver.onBytes(bytes.subarray(at, next));
    at = next;
  }
}

/** Throws where a server breaks its word about a conversation; answers whether it refused to go on. */
export function runServerCase(random: Random): boolean {
  const wire = new MemoryWire(out);
  const server = new H2ServerConnection(wire.asWire(), { handler: echo });
  feed(server, mutate(clientTalk, random), random);
  const refused = server.ended;
  if (wire.closed !== refused) throw new Error(`ended: ${refused}, but the wire's close: ${wire.closed}`);
  server.onClosed(undefined);
  if (server.activeStreams !== 0) throw new Error(`${server.activeStreams} streams outlive their connection`);
  if (server.sendFlow.queuedBytes !== 0) throw new Error('bytes are queued for nobody');
  return refused;
}

const REQUESTS = 4;

/** Throws where a client breaks its word: each request is answered exactly once, whatever the server says. */
export function runClientCase(random: Random): void {
  const wire = new MemoryWire(out);
  const client = new H2ClientConnection(wire.asWire());
  const collectors = Array.from({ length: REQUESTS }, () => new Collector());
  for (const collector of collectors) collector.request = client.request(requestHead(), true, collector);
  feed(client, mutate(serverTalk, random), random);
  client.onClosed(undefined);
  for (const { ended, failure } of collectors) {
    if (ended === (failure !== undefined)) throw new Error(`ended: ${ended}, failed: ${failure?.message}`);
  }
  if (client.activeStreams !== 0 || client.state !== 'closed') throw new Error(`left ${client.state}`);
}
