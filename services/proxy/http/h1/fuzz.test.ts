import { expect, test } from 'vitest';
import { type Random, seededRandom } from '#lib/base';
import type { Field } from '../field.ts';
import { FRAMING } from './framing.ts';
import { type MessageConsumer, MessageReader } from './message-reader.ts';
import { Refusal } from './refusal.ts';
import { parseRequest, refuseRequestStart } from './request.ts';
import { parseResponse, refuseResponseStart } from './response.ts';

const REQUESTS = [
  'GET /a?b=c HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\nConnection: keep-alive, x\r\nX: y\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world',
  'PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
  'GET http://b/ HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
];
const RESPONSES = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\nuntil close',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
];
const INTERESTING = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  ',',
  ';',
  '\xff',
  '0',
  'chunked',
  'Content-Length: 1\r\n',
];

/** Writes down what a reader found, so that two runs can be compared. */
class Transcript implements MessageConsumer {
  readonly reader = new MessageReader(this);
  readonly #isRequest: boolean;
  #body = '';
  text = '';

  constructor(isRequest: boolean) {
    this.#isRequest = isRequest;
  }
  takeHead(text: string): number {
    const context = { scheme: 'http', repeated: false };
    const message = this.#isRequest ? parseRequest(text, context) : parseResponse(text, false);
    if (message instanceof Refusal) {
      this.reader.stop();
      this.takeRefusal(message);
      return 0;
    }
    this.text += `head ${JSON.stringify(message.head.fields.map((field) => field.line))};`;
    const untilClose = !this.#isRequest && message.head.bodyLength < 0;
    const framing = message.chunked
      ? FRAMING.chunked
      : untilClose
        ? FRAMING.untilClose
        : message.head.bodyLength;
    if (framing === 0) this.reader.next();
    return framing;
  }
  refuseStart(text: string): Refusal | undefined {
    return this.#isRequest ? refuseRequestStart(text) : refuseResponseStart(text);
  }
  takeBody(chunk: Buffer, end: boolean): void {
    this.#body += chunk.toString('latin1');
    if (end) this.#finish('');
  }
  takeTrailers(fields: readonly Field[]): void {
    this.#finish(fields.map((field) => field.line).join(''));
  }
  #finish(trailers: string): void {
    this.text += `body ${this.#body}|${trailers};`;
    this.#body = '';
    this.reader.next();
  }
  takeRefusal(refusal: Refusal): void {
    this.text += `refused ${refusal.status};`;
  }
  get rest(): string {
    return this.#body;
  }
}

function mutate(text: string, random: Random): string {
  let mutated = text;
  const pick = (n: number) => Math.floor(random() * n);
  for (let i = pick(3); i >= 0; i--) {
    const at = pick(mutated.length + 1);
    const cut = pick(3) === 0 ? pick(6) : pick(2);
    const choice = pick(3);
    const insert =
      choice === 0
        ? (INTERESTING[pick(INTERESTING.length)] ?? '')
        : choice === 1
          ? String.fromCharCode(pick(256))
          : '';
    mutated = mutated.slice(0, at) + insert + mutated.slice(at + cut);
  }
  return mutated;
}

function run(isRequest: boolean, pieces: readonly Buffer[]): Transcript {
  const transcript = new Transcript(isRequest);
  for (const piece of pieces) transcript.reader.push(piece);
  return transcript;
}

function cutRandomly(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 40));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

test.each([
  ['requests', true, REQUESTS],
  ['responses', false, RESPONSES],
] as const)('20,000 mutated %s never throw, and read the same whole and in pieces', (_, isRequest, seeds) => {
  const random = seededRandom(isRequest ? 42 : 43);
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const seed = seeds[i % seeds.length] ?? '';
    const bytes = Buffer.from(mutate(seed + (i % 5 === 0 ? seed : ''), random), 'latin1');
    const whole = run(isRequest, [bytes]);
    const cut = run(isRequest, cutRandomly(bytes, random));
    if (whole.text.includes('refused')) refused++;
    const same = `${cut.text}${cut.rest}` === `${whole.text}${whole.rest}`;
    if (!same) expect([cut.text, cut.rest, bytes.toString('latin1')]).toEqual([whole.text, whole.rest]);
  }
  // Were all mutations harmless, or none, this would prove little.
  expect(refused).toBeGreaterThan(5000);
  expect(refused).toBeLessThan(19_000);
});

test.each([
  [true, REQUESTS],
  [false, RESPONSES],
] as const)('messages read the same cut at every byte (requests: %s)', (isRequest, seeds) => {
  const bytes = Buffer.from(seeds.slice(0, 2).join(''), 'latin1');
  const whole = run(isRequest, [bytes]).text;
  expect(whole.match(/head/g)?.length).toBe(2);
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(run(isRequest, [bytes.subarray(0, cut), bytes.subarray(cut)]).text).toBe(whole);
  }
  expect(
    run(
      isRequest,
      [...bytes].map((byte) => Buffer.from([byte])),
    ).text,
  ).toBe(whole);
});
