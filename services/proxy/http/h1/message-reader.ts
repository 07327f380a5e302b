import type { Field } from '../field.ts';
import { type BodyConsumer, ChunkedDecoder } from './chunked-decoder.ts';
import { FRAMING } from './framing.ts';
import { CHARS, CR, LF, TOKEN } from './grammar.ts';
import { HeldBytes } from './held-bytes.ts';
import { REFUSAL, Refusal } from './refusal.ts';

/** A head longer than this is refused with 431. Defaults to 64 KiB. */
const MAX_HEAD_BYTES = 65_536;
/** Empty lines tolerated before a message (RFC 9112 section 2.2). */
const MAX_EMPTY_LINES = 4;
/** Up to here the whole rest of a read becomes a string at once; beyond it the head's end is looked for first. */
const SHORT_READ_BYTES = 2048;

/** Takes the messages of one direction of a connection, in order. */
export interface MessageConsumer extends BodyConsumer {
  /** A whole head, with its empty line. Returns the bytes of its body, or one of FRAMING. */
  takeHead(text: string): number;
  /** Checks the first line of a head that has not come whole. */
  refuseStart(text: string): Refusal | undefined;
  /** The message is not HTTP/1.1; nothing more will be read. */
  takeRefusal(refusal: Refusal): void;
}

/**
 * Cuts a byte stream into messages:
 *
 *     head ─► length | chunked ─► held ─(next)─► head         any ─(stop)─► stopped
 *         └─► untilClose ◄────────┘ (openTunnel)
 *
 * After each message it holds what comes until the consumer asks for the next.
 */
const STATE = { head: 0, length: 1, chunked: 2, untilClose: 3, held: 4, stopped: 5 } as const;
type State = (typeof STATE)[keyof typeof STATE];

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const INCOMPLETE = -1;

export class MessageReader {
  readonly #consumer: MessageConsumer;
  readonly #chunked = new ChunkedDecoder();
  readonly #held = new HeldBytes();
  #state: State = STATE.head;
  #left = 0;
  #emptyLines = 0;
  /** How far the held part of a head has been looked through. */
  #searched = 0;
  #startChecked = false;
  #running = false;

  constructor(consumer: MessageConsumer) {
    this.#consumer = consumer;
  }

  get heldBytes(): number {
    return this.#held.length;
  }

  /** Nothing of a message has come yet. */
  get atStart(): boolean {
    return this.#state === STATE.head && this.#held.length === 0;
  }

  get inBody(): boolean {
    return this.#state === STATE.length || this.#state === STATE.chunked;
  }

  /** In the middle of what has come: there may be more of it. */
  get isRunning(): boolean {
    return this.#running;
  }

  get untilClose(): boolean {
    return this.#state === STATE.untilClose;
  }

  /** The bytes of the current body still to come; undefined where only the body tells. */
  get bodyLeft(): number | undefined {
    return this.#state === STATE.length ? this.#left : undefined;
  }

  /** Takes bytes as they came; they are lent. */
  push(bytes: Buffer): void {
    if (this.#state === STATE.stopped) return;
    if (this.#held.length > 0) {
      this.#held.append(bytes, 0);
      this.#runHeld();
      return;
    }
    const at = this.#run(bytes);
    if (at < bytes.length && !this.#isStopped()) this.#held.append(bytes, at);
  }

  /** Lets the next message begin. */
  next(): void {
    if (this.#state !== STATE.held) return;
    this.#state = STATE.head;
    this.#searched = 0;
    this.#emptyLines = 0;
    this.#startChecked = false;
    if (!this.#running && this.#held.length > 0) this.#runHeld();
  }

  /** What comes after the message is no HTTP any more: all of it is body from now on. */
  openTunnel(): void {
    if (this.#state !== STATE.held) return;
    this.#state = STATE.untilClose;
    if (!this.#running && this.#held.length > 0) this.#runHeld();
  }

  /** Reads nothing any more. */
  stop(): void {
    this.#state = STATE.stopped;
    if (!this.#running) this.#held.clear();
  }

  #isStopped(): boolean {
    return this.#state === STATE.stopped;
  }

  #runHeld(): void {
    const used = this.#run(this.#held.view());
    if (this.#isStopped()) this.#held.clear();
    else if (used > 0) this.#held.drop(used);
  }

  /** Returns how many of the bytes are used up. */
  #run(bytes: Buffer): number {
    let at = 0;
    this.#running = true;
    while (at < bytes.length && this.#state < STATE.held) {
      const next = this.#state === STATE.head ? this.#readHead(bytes, at) : this.#readBody(bytes, at);
      if (next === INCOMPLETE) break;
      at = next;
    }
    this.#running = false;
    return at;
  }

  #readBody(bytes: Buffer, at: number): number {
    if (this.#state === STATE.chunked) return this.#readChunked(bytes, at);
    const end = this.#state === STATE.length ? Math.min(bytes.length, at + this.#left) : bytes.length;
    const part = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
    let last = false;
    if (this.#state === STATE.length) {
      this.#left -= end - at;
      last = this.#left === 0;
      if (last) this.#state = STATE.held;
    }
    this.#consumer.takeBody(part, last);
    return end;
  }

  #readChunked(bytes: Buffer, at: number): number {
    const next = this.#chunked.decode(bytes, at, this);
    if (next instanceof Refusal) return this.#refuse(next);
    return next;
  }

  /** From the decoder; on to the consumer, who may ask for the next message at the end. */
  takeBody(chunk: Buffer, end: boolean): void {
    if (this.#isStopped()) return;
    if (end) this.#state = STATE.held;
    this.#consumer.takeBody(chunk, end);
  }

  /** From the decoder, like `takeBody`. */
  takeTrailers(fields: readonly Field[]): void {
    if (this.#isStopped()) return;
    this.#state = STATE.held;
    this.#consumer.takeTrailers(fields);
  }

  #refuse(refusal: Refusal): number {
    this.#state = STATE.stopped;
    this.#consumer.takeRefusal(refusal);
    return INCOMPLETE;
  }

  #readHead(bytes: Buffer, at: number): number {
    if (bytes[at] === CR) return this.#skipEmptyLine(bytes, at);
    const size = bytes.length - at;
    if (size > SHORT_READ_BYTES) return this.#readLongHead(bytes, at);
    const text = bytes.latin1Slice(at, bytes.length);
    const end = text.indexOf('\r\n\r\n', this.#searched);
    if (end < 0) return this.#waitForHead(text);
    this.#startBody(end + 4 === size ? text : text.slice(0, end + 4));
    return at + end + 4;
  }

  #readLongHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(END_OF_HEAD, at + this.#searched);
    const size = (end < 0 ? bytes.length : end + 4) - at;
    if (size > MAX_HEAD_BYTES) return this.#refuse(REFUSAL.headTooLong);
    const text = bytes.latin1Slice(at, at + size);
    if (end < 0) return this.#waitForHead(text);
    this.#startBody(text);
    return end + 4;
  }

  #startBody(text: string): void {
    this.#state = STATE.held;
    this.#searched = 0;
    const framing = this.#consumer.takeHead(text);
    if (framing === 0 || this.#isStopped()) return;
    if (framing > 0) {
      this.#state = STATE.length;
      this.#left = framing;
    } else if (framing === FRAMING.chunked) {
      this.#state = STATE.chunked;
      this.#chunked.start();
    } else this.#state = STATE.untilClose;
  }

  /** The head is not whole. What can be seen to be wrong already is refused, rather than waited for. */
  #waitForHead(text: string): number {
    if ((CHARS[text.charCodeAt(0)]! & TOKEN) === 0) return this.#refuse(REFUSAL.notHttp);
    if (hasBareLineFeed(text, this.#searched)) return this.#refuse(REFUSAL.bareLineFeed);
    if (!this.#startChecked && text.indexOf('\n') > 0) {
      this.#startChecked = true;
      const refusal = this.#consumer.refuseStart(text);
      if (refusal !== undefined) return this.#refuse(refusal);
    }
    this.#searched = Math.max(0, text.length - 3);
    return INCOMPLETE;
  }

  #skipEmptyLine(bytes: Buffer, at: number): number {
    if (at + 1 === bytes.length) return INCOMPLETE;
    if (bytes[at + 1] !== LF) return this.#refuse(REFUSAL.notHttp);
    return ++this.#emptyLines > MAX_EMPTY_LINES ? this.#refuse(REFUSAL.emptyLines) : at + 2;
  }
}

function hasBareLineFeed(text: string, from: number): boolean {
  for (let at = text.indexOf('\n', from); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (at === 0 || text.charCodeAt(at - 1) !== CR) return true;
  }
  return false;
}
