/**
 * Generated HTTP/1 messages: real ones with bytes dropped, put in and changed, and chunked bodies made up piece by
 * piece. Each case comes from a seeded source and nothing else, so that its seed is its name: the unit suite runs a
 * fixed number, and whoever likes runs them without end.
 */
import type { Random } from '#lib/base';
import type { Field } from '../field.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { FRAMING } from './framing.ts';
import { type MessageConsumer, MessageReader } from './message-reader.ts';
import { Refusal } from './refusal.ts';
import { parseRequest, refuseRequestStart } from './request.ts';
import { parseResponse, refuseResponseStart } from './response.ts';

export const REQUESTS: readonly string[] = [
  'GET /a?b=c HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\nConnection: keep-alive, x\r\nX: y\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world',
  'PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
  'GET http://b/ HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
  'DELETE /x HTTP/1.1\r\nHost: a\r\nCookie: a=b; c="d"\r\nX-Forwarded-For: ::1\r\nContent-Length: 0\r\n\r\n',
];
export const RESPONSES: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\nuntil close',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
];
const INTERESTING = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
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
  'Transfer-Encoding: chunked\r\n',
  '\r\n ',
];

/** One message as a parser read it. */
export interface ReadMessage {
  /** `GET /a` or `200`. */
  readonly start: string;
  body: string;
  trailers: string;
  isWhole: boolean;
}

/** Writes down what a reader found, so that two runs, or two parsers, can be compared. */
export class Transcript implements MessageConsumer {
  readonly reader = new MessageReader(this);
  readonly messages: ReadMessage[] = [];
  refusal: Refusal | undefined;
  readonly #isRequest: boolean;

  constructor(isRequest: boolean) {
    this.#isRequest = isRequest;
  }

  /** All of it as one text. */
  get text(): string {
    return JSON.stringify([this.messages, this.refusal?.status]);
  }

  takeHead(text: string): number {
    const parsed = this.#isRequest ? readRequest(text) : readResponse(text);
    if (parsed instanceof Refusal) {
      this.reader.stop();
      this.takeRefusal(parsed);
      return 0;
    }
    const { start, framing } = parsed;
    this.messages.push({ start, body: '', trailers: '', isWhole: framing === 0 });
    if (framing === 0) this.reader.next();
    return framing;
  }
  refuseStart(text: string): Refusal | undefined {
    return this.#isRequest ? refuseRequestStart(text) : refuseResponseStart(text);
  }
  takeBody(chunk: Buffer, end: boolean): void {
    const message = this.messages.at(-1);
    if (message === undefined) return;
    message.body += chunk.toString('latin1');
    if (end) this.#finish(message);
  }
  takeTrailers(fields: readonly Field[]): void {
    const message = this.messages.at(-1);
    if (message === undefined) return;
    message.trailers = fields.map((field) => field.line).join('');
    this.#finish(message);
  }
  #finish(message: ReadMessage): void {
    message.isWhole = true;
    this.reader.next();
  }
  takeRefusal(refusal: Refusal): void {
    this.refusal = refusal;
  }
}

function readRequest(text: string): { start: string; framing: number } | Refusal {
  const message = parseRequest(text, { scheme: 'http', repeated: false });
  if (message instanceof Refusal) return message;
  const target = text.slice(text.indexOf(' ') + 1, text.indexOf(' HTTP/'));
  const framing = message.chunked ? FRAMING.chunked : message.head.bodyLength;
  return { start: `${message.head.method} ${target}`, framing };
}

function readResponse(text: string): { start: string; framing: number } | Refusal {
  const message = parseResponse(text, false);
  if (message instanceof Refusal) return message;
  const { status, bodyLength } = message.head;
  const start = String(status);
  if (status === 304) return { start, framing: 0 };
  if (message.chunked) return { start, framing: FRAMING.chunked };
  return { start, framing: bodyLength < 0 ? FRAMING.untilClose : bodyLength };
}

const pickOf = (random: Random) => (count: number) => Math.floor(random() * count);

/** A message, or two of them, with up to three changes. */
export function mutate(seeds: readonly string[], random: Random): Buffer {
  const pick = pickOf(random);
  const seed = seeds[pick(seeds.length)] ?? '';
  let text = pick(5) === 0 ? seed + seed : seed;
  for (let change = pick(3); change >= 0; change--) {
    const at = pick(text.length + 1);
    const cut = pick(3) === 0 ? pick(6) : pick(2);
    const kind = pick(3);
    const byte = kind === 1 ? String.fromCharCode(pick(256)) : '';
    const put = kind === 0 ? (INTERESTING[pick(INTERESTING.length)] ?? '') : byte;
    text = text.slice(0, at) + put + text.slice(at + cut);
  }
  return Buffer.from(text, 'latin1');
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

export function read(isRequest: boolean, pieces: readonly Buffer[]): Transcript {
  const transcript = new Transcript(isRequest);
  for (const piece of pieces) transcript.reader.push(piece);
  return transcript;
}

/** Throws where the same bytes read differently whole and in pieces; answers whether they were refused. */
export function runMessageCase(isRequest: boolean, random: Random): boolean {
  const bytes = mutate(isRequest ? REQUESTS : RESPONSES, random);
  const whole = read(isRequest, [bytes]);
  const pieces = read(isRequest, cutRandomly(bytes, random));
  if (whole.text !== pieces.text) {
    throw new Error(`${JSON.stringify(bytes.toString('latin1'))}: ${whole.text} in pieces: ${pieces.text}`);
  }
  return whole.refusal !== undefined;
}

const WRONG_ENDS = ['\n', '\r', '', ' \r\n', '\r\r\n'];

/** A chunked body, and what is in it; undefined where it was spoilt on purpose. */
function buildChunks(random: Random): { text: string; body: string | undefined } {
  const pick = pickOf(random);
  let text = '';
  let body: string | undefined = '';
  for (let left = pick(5); left > 0; left--) {
    const data = Array.from({ length: 1 + pick(30) }, () => String.fromCharCode(pick(256))).join('');
    const size = data.length.toString(16).padStart(1 + pick(4), '0');
    const extension = pick(4) === 0 ? `;a${pick(9)}="b"` : '';
    const isWrong = pick(12) === 0;
    const end = isWrong ? (WRONG_ENDS[pick(WRONG_ENDS.length)] ?? '') : '\r\n';
    if (isWrong) body = undefined;
    else if (body !== undefined) body += data;
    const isSizeWrong = isWrong && pick(2) === 0;
    text += `${size}${extension}${isSizeWrong ? end : '\r\n'}${data}${isSizeWrong ? '\r\n' : end}`;
  }
  return { text: `${text}0\r\n${pick(3) === 0 ? 'X-A: b\r\n' : ''}\r\n`, body };
}

/** Throws where a chunked body does not decode to what is in it, however it is cut; answers whether it was spoilt. */
export function runChunkCase(random: Random): boolean {
  const { text, body } = buildChunks(random);
  const decoder = new ChunkedDecoder();
  decoder.start();
  let got = '';
  const consumer = {
    takeBody: (chunk: Buffer) => {
      got += chunk.toString('latin1');
    },
    takeTrailers() {},
  };
  let outcome: number | Refusal = 0;
  for (const piece of cutRandomly(Buffer.from(`${text}next`, 'latin1'), random)) {
    if (decoder.done || outcome instanceof Refusal) break;
    outcome = decoder.decode(piece, 0, consumer);
  }
  const isRead = decoder.done && !(outcome instanceof Refusal);
  if (body === undefined) return true;
  if (!isRead || got !== body) throw new Error(`${JSON.stringify(text)} read as ${JSON.stringify(got)}`);
  return false;
}
