import { TextMemory } from './text-memory.ts';

/** Heads longer than this are not worth their memory. */
const LONGEST_HEAD = 4096;
const SLOTS = 256;

/** Misses in a row after which a connection stops asking, and for how many heads at first and at most. */
const MISSES_BEFORE_REST = 4;
/** Of heads rested, one in so many is then looked for, in a row: an app may ask for that many things in turn. */
const REST_SHARE = 16;
const FIRST_REST = 16;
const LONGEST_REST = 1024;

/**
 * Whole heads, text → message, shared by all connections of one kind. Bounded: at most 512 heads of 4 KiB (2 MiB;
 * real heads take a tenth).
 */
export type HeadMemory<T> = TextMemory<T>;

export function createHeadMemory<T>(): HeadMemory<T> {
  return new TextMemory<T>({ slots: SLOTS, longestText: LONGEST_HEAD, early: true });
}

/**
 * One connection's use of a head memory. Where heads don't repeat it rests for longer and longer, so that varied
 * traffic pays for lines alone.
 */
export class HeadRecall<T> {
  readonly #memory: HeadMemory<T>;
  #misses = 0;
  #rest = 0;
  #nextRest = FIRST_REST;

  constructor(memory: HeadMemory<T>) {
    this.#memory = memory;
  }

  find(text: string): T | undefined {
    if (this.#rest > 0) {
      this.#rest--;
      return undefined;
    }
    const found = this.#memory.find(text, 0, text.length);
    if (found !== undefined) {
      this.#misses = 0;
      this.#nextRest = FIRST_REST;
    } else if (++this.#misses > MISSES_BEFORE_REST) this.#startRest();
    return found;
  }

  #startRest(): void {
    this.#rest = this.#nextRest;
    this.#misses = MISSES_BEFORE_REST - Math.max(2, this.#rest / REST_SHARE);
    this.#nextRest = Math.min(this.#nextRest * 2, LONGEST_REST);
  }

  /** Whether a head that was not found should be kept. */
  wants(text: string): boolean {
    return this.#rest === 0 && this.#memory.wasSeen(text, 0, text.length);
  }

  keep(text: string, message: T): void {
    this.#memory.keep(text, message);
  }
}
