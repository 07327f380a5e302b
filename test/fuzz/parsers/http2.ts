import { type Random, seededRandom } from '#lib/base';
import { CLIENT_PREFACE, FLAG, FRAME } from '../../../services/proxy/http/h2/frame.ts';
import { runClientCase, runServerCase } from '../../../services/proxy/http/h2/fuzz-cases.testing.ts';
import { echo, frame, MemoryWire } from '../../../services/proxy/http/h2/loopback.testing.ts';
import { H2ServerConnection } from '../../../services/proxy/http/h2/server-connection.ts';
import { BlockGenerator, mutateBlock } from '../../../services/proxy/http/hpack/fuzz-cases.testing.ts';
import { cutRandomly } from '../pieces.ts';
import { createSeededTarget, type Target } from '../target.ts';

const MOST_FRAMES = 12;
const MOST_STREAMS = 5;
/** `GET http / ` of authority `a`. */
const GET_BLOCK = Buffer.from('828684410161', 'hex');
const TYPES = Object.values(FRAME);
/** Nobody reads what connections write. */
const out = Buffer.alloc(65_536);

/** A frame of any type on any stream, with a payload that its type may have, or any. */
function generateFrame(random: Random, blocks: BlockGenerator): Buffer {
  const pick = (count: number) => Math.floor(random() * count);
  const type = TYPES[pick(TYPES.length)] ?? FRAME.headers;
  const streamId = pick(3) === 0 ? 0 : 2 * pick(MOST_STREAMS) + 1;
  if (type === FRAME.headers) {
    const flags = FLAG.endHeaders | (pick(2) === 0 ? FLAG.endStream : 0);
    return frame(type, { streamId, flags, payload: Buffer.concat([GET_BLOCK, blocks.next()]) });
  }
  const payload = Buffer.from(
    Array.from({ length: payloadLength(type, pick) }, () => pick(pick(2) === 0 ? 3 : 256)),
  );
  return frame(type, { streamId, flags: pick(4) === 0 ? pick(256) : 0, payload });
}

/** Mostly the length that a frame of the type must have (RFC 9113 section 6). */
function payloadLength(type: number, pick: (count: number) => number): number {
  if (pick(8) === 0) return pick(20);
  if (type === FRAME.settings) return 6 * pick(4);
  if (type === FRAME.ping || type === FRAME.goAway) return 8;
  if (type === FRAME.priority) return 5;
  return type === FRAME.data || type === FRAME.continuation ? pick(20) : 4;
}

const FRAMES: Target = {
  name: 'http2-frames',
  isShrinkable: true,
  generate(random) {
    const blocks = new BlockGenerator(random);
    const count = 1 + Math.floor(random() * MOST_FRAMES);
    const frames = Array.from({ length: count }, () => generateFrame(random, blocks));
    const bytes = Buffer.concat([CLIENT_PREFACE, frame(FRAME.settings), ...frames]);
    return random() < 0.5 ? bytes : mutateBlock(bytes, random);
  },
  check(input) {
    const wire = new MemoryWire(out);
    const server = new H2ServerConnection(wire.asWire(), { handler: echo });
    for (const piece of cutRandomly(input)) server.onBytes(piece);
    if (wire.closed !== server.ended) throw new Error(`ended: ${server.ended}, wire closed: ${wire.closed}`);
    server.onClosed(undefined);
    if (server.activeStreams !== 0)
      throw new Error(`${server.activeStreams} streams outlive their connection`);
  },
};

export const HTTP2: readonly Target[] = [
  FRAMES,
  createSeededTarget('http2-server', runServerCase, seededRandom),
  createSeededTarget('http2-client', runClientCase, seededRandom),
];
