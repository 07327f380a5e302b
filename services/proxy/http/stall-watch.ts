/** What a stall watch asks of it. */
export interface StallTarget {
  /** What is unfinished, told from what was unfinished before by identity; undefined for nothing. */
  findUnfinished(): unknown;
  /** It has been the same for too long. */
  onStalled(): void;
}

/** Looks in so long a time; the last finds what has stood still. */
const LOOKS = 3;

/**
 * Finds what stands still, without a timer for each thing begun: one runs while something is unfinished, and none
 * otherwise. What is unfinished goes between `timeoutMs` and a third more after it was begun.
 */
export class StallWatch {
  readonly #lookMs: number;
  readonly #target: StallTarget;
  #timer: NodeJS.Timeout | undefined;
  #unfinished: unknown;
  #looks = 0;

  constructor(timeoutMs: number, target: StallTarget) {
    this.#lookMs = timeoutMs / LOOKS;
    this.#target = target;
  }

  /** Something is unfinished now: watches it, unless it watches already. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#unfinished = this.#target.findUnfinished();
    this.#looks = 0;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#look(), this.#lookMs).unref();
  }

  #look(): void {
    this.#timer = undefined;
    const unfinished = this.#target.findUnfinished();
    if (unfinished === undefined) return;
    this.#looks = unfinished === this.#unfinished ? this.#looks + 1 : 0;
    this.#unfinished = unfinished;
    if (this.#looks < LOOKS) this.#wait();
    else this.#target.onStalled();
  }
}
