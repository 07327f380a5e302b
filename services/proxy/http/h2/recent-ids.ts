const CAPACITY = 256;

/** The streams this side has reset last: frames of the peer that were on their way are no error. */
export class RecentIds {
  readonly #ids: number[] = [];
  #next = 0;

  add(id: number): void {
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % CAPACITY;
  }

  has(id: number): boolean {
    return this.#ids.includes(id);
  }
}
