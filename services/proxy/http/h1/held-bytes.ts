const FIRST_BYTES = 4096;
const EMPTY = Buffer.alloc(0);

/** Bytes that came and could not be used yet: part of a head, or the next request of a pipeline. */
export class HeldBytes {
  #store: Buffer = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is held, valid until the next change. */
  view(): Buffer {
    return this.#store.subarray(0, this.#length);
  }

  append(bytes: Buffer, from: number): void {
    const needed = this.#length + bytes.length - from;
    if (needed > this.#store.length) {
      const store = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(needed))));
      this.#store.copy(store, 0, 0, this.#length);
      this.#store = store;
    }
    bytes.copy(this.#store, this.#length, from);
    this.#length = needed;
  }

  /** Forgets the first `count` bytes. A store grown large is given up as soon as it is empty. */
  drop(count: number): void {
    this.#length -= count;
    if (this.#length > 0) this.#store.copyWithin(0, count, count + this.#length);
    else if (this.#store.length > FIRST_BYTES) this.#store = EMPTY;
  }

  clear(): void {
    this.#store = EMPTY;
    this.#length = 0;
  }
}
