import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#lib/base';
import { CLIENT_PREFACE, FLAG, FRAME } from '../h2/frame.ts';
import { frame } from '../h2/loopback.testing.ts';
import { DECODED, HpackDecoder } from './decoder.ts';
import { BlockGenerator, DecoderFuzz, mutateBlock } from './fuzz-cases.testing.ts';

const CASES = 100_000;
const CONNECTIONS = 100;
const BLOCKS = 40;
const TIMEOUT_MS = 60_000;
const END = FLAG.endStream | FLAG.endHeaders;
/** `GET http / ` of authority `a`: the static table, and a literal that is not indexed. */
const TARGET = Buffer.from('828684010161', 'hex');

it(
  'HpackDecoder keeps its word over 100,000 blocks, half of them mutated',
  () => {
    const fuzz = new DecoderFuzz(seededRandom(7));
    const outcomes = [0, 0, 0, 0];
    for (let done = 0; done < CASES; done++) outcomes[fuzz.runCase()]!++;
    // Every outcome is reached, and none is the only one.
    for (const count of outcomes) expect(count).toBeGreaterThan(0);
    expect(outcomes[DECODED.ok]).toBeGreaterThan(CASES / 3);
    expect(outcomes[DECODED.broken]).toBeGreaterThan(CASES / 20);
  },
  TIMEOUT_MS,
);

describe('HpackDecoder and node:http2', () => {
  let server: Http2Server;
  let heard: string[][];
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    server = createServer().on('stream', (stream, _headers, _flags, raw) => {
      const rawHeaders = raw as unknown as string[];
      heard.push(rawHeaders.slice(8));
      stream.on('error', () => {});
      stream.respond({ ':status': 200 }, { endStream: true });
    });
    server.on('sessionError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  /** Sends blocks as requests, and gives back the fields of those that node took. */
  async function ask(blocks: readonly Buffer[]): Promise<{ fields: string[][]; refused: boolean }> {
    heard = [];
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.add(socket);
    const replies: Buffer[] = [];
    socket.on('data', (chunk) => replies.push(chunk));
    socket.on('error', () => {});
    const requests = blocks.map((block, at) =>
      frame(FRAME.headers, { streamId: 2 * at + 1, flags: END, payload: block }),
    );
    const ping = frame(FRAME.ping, { payload: Buffer.from('all said') });
    socket.write(Buffer.concat([CLIENT_PREFACE, frame(FRAME.settings), ...requests, ping]));
    const isOver = () => socket.destroyed || Buffer.concat(replies).includes('all said');
    while (!isOver()) await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => {});
    const refused = socket.destroyed || !Buffer.concat(replies).includes('all said');
    socket.destroy();
    return { fields: heard, refused };
  }

  it(
    'read the same fields out of 4000 blocks, and refuse the same',
    async () => {
      const random = seededRandom(11);
      let refusals = 0;
      for (let connection = 0; connection < CONNECTIONS; connection++) {
        const generator = new BlockGenerator(random);
        const blocks = Array.from({ length: BLOCKS }, () => withTarget(generator.next()));
        const last = mutateBlock(blocks.pop() ?? TARGET, random);
        const decoder = new HpackDecoder({ maxListBytes: 65_536 });
        const expected = blocks.map((block) => readFields(decoder, block));
        const outcome = decoder.decode(last, 0, last.length);
        const node = await ask([...blocks, last]);
        expect(node.fields.slice(0, blocks.length)).toEqual(expected);
        expect(node.refused).toBe(outcome === DECODED.broken);
        if (node.refused) refusals++;
      }
      expect(refusals).toBeGreaterThan(0);
      expect(refusals).toBeLessThan(CONNECTIONS);
    },
    TIMEOUT_MS,
  );
});

/** Puts the target behind the size updates, which come first. */
function withTarget(block: Buffer): Buffer {
  let at = 0;
  while (at < block.length && (block[at]! & 0xe0) === 0x20) {
    const isLong = (block[at++]! & 0x1f) === 0x1f;
    if (isLong) while (block[at++]! >= 0x80);
  }
  return Buffer.concat([block.subarray(0, at), TARGET, block.subarray(at)]);
}

function readFields(decoder: HpackDecoder, block: Buffer): string[] {
  expect(decoder.decode(block, 0, block.length)).toBe(DECODED.ok);
  const fields = decoder.fields.slice(4, decoder.count);
  return fields.flatMap(({ name, value }) => [name, value]);
}
