/** What a message's prefix holds: a compression flag and the length. */
const PREFIX_BYTES = 5;
/** Far above any answer of the control plane. */
const MAX_MESSAGE_BYTES = 16_777_216;

/** A message behind its prefix, uncompressed. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Puts length-prefixed messages together, wherever the pieces end; each message is a buffer of its own. */
export class MessageReader {
  readonly #onMessage: (message: Buffer) => void;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  #message: Buffer | undefined;
  #messageBytes = 0;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** A message has begun and not ended. */
  get isInside(): boolean {
    return this.#prefixBytes > 0;
  }

  /** Returns what is wrong with the bytes, or undefined. */
  push(chunk: Buffer): string | undefined {
    let at = 0;
    while (at < chunk.length) {
      at += this.#prefixBytes < PREFIX_BYTES ? this.#readPrefix(chunk, at) : this.#readMessage(chunk, at);
      if (this.#prefixBytes < PREFIX_BYTES) continue;
      if (this.#prefix[0] !== 0) return 'a compressed message, though no compression was offered';
      const length = this.#prefix.readUInt32BE(1);
      if (length > MAX_MESSAGE_BYTES)
        return `a message of ${length} bytes, above the limit of ${MAX_MESSAGE_BYTES}`;
      this.#message ??= Buffer.allocUnsafeSlow(length);
      if (this.#messageBytes === length) this.#finish(this.#message);
    }
    return undefined;
  }

  #readPrefix(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#prefix, this.#prefixBytes, at);
    this.#prefixBytes += copied;
    return copied;
  }

  #readMessage(chunk: Buffer, at: number): number {
    const copied = this.#message === undefined ? 0 : chunk.copy(this.#message, this.#messageBytes, at);
    this.#messageBytes += copied;
    return copied;
  }

  #finish(message: Buffer): void {
    this.#prefixBytes = 0;
    this.#messageBytes = 0;
    this.#message = undefined;
    this.#onMessage(message);
  }
}
