/** How many requests of one direction are on their way, and how many there may be: what is above is shed. */
export class InFlight {
  readonly #max: number;
  count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.count >= this.#max;
  }
}
