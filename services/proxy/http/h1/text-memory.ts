const MIX = 0x01000193;
const VERSION_LENGTH = ' HTTP/1.1'.length;
/** So many characters of the target's end are sampled. */
const TARGET_END = 6;

/**
 * Remembers values by text, bounded and without a hash over the whole text (which for a head would cost more than
 * all the rest of parsing it): a slot is chosen by some sampled characters, then the texts are compared.
 *
 * A slot has two places, the one last found first. A text gets a place when it is seen for the second time
 * (`wasSeen`), so that what comes once (an id, a trace) pushes nothing out. Texts that sample alike share a slot and
 * at worst push one another out: slower, never wrong.
 */
export class TextMemory<T> {
  readonly #slots: number;
  readonly #longest: number;
  readonly #early: boolean;
  readonly #texts: string[];
  readonly #values: (T | undefined)[];
  readonly #seen: Int32Array;

  /** `slots` is a power of two; `early` samples more of a head's first line, where heads differ. */
  constructor(options: { slots: number; longestText: number; early: boolean }) {
    this.#slots = options.slots;
    this.#longest = options.longestText;
    this.#early = options.early;
    this.#texts = new Array<string>(options.slots * 2).fill('');
    this.#values = new Array<T | undefined>(options.slots * 2).fill(undefined);
    this.#seen = new Int32Array(options.slots);
  }

  /** The value kept for `text.slice(start, end)`, which is not empty. */
  find(text: string, start: number, end: number): T | undefined {
    const place = (this.#sample(text, start, end) & (this.#slots - 1)) * 2;
    const part = text.slice(start, end);
    if (this.#texts[place] === part) return this.#values[place];
    return this.#texts[place + 1] === part ? this.#promote(place) : undefined;
  }

  /** Swaps the two places of a slot, and returns the value that is first now. */
  #promote(place: number): T | undefined {
    const text = this.#texts[place + 1] ?? '';
    const value = this.#values[place + 1];
    this.#texts[place + 1] = this.#texts[place] ?? '';
    this.#values[place + 1] = this.#values[place];
    this.#texts[place] = text;
    this.#values[place] = value;
    return value;
  }

  /** Tells whether the text (probably) came before; from now on it did. Texts too long to keep never did. */
  wasSeen(text: string, start: number, end: number): boolean {
    if (end - start > this.#longest) return false;
    const sample = this.#sample(text, start, end);
    const slot = (sample ^ (sample >>> 11)) & (this.#slots - 1);
    if (this.#seen[slot] === sample) return true;
    this.#seen[slot] = sample;
    return false;
  }

  /** Keeps a value. `text` should be a string of its own (`ownText`), not a part of a longer one. */
  keep(text: string, value: T): void {
    const place = (this.#sample(text, 0, text.length) & (this.#slots - 1)) * 2;
    const free = this.#texts[place] === '' ? place : place + 1;
    this.#texts[free] = text;
    this.#values[free] = value;
  }

  #sample(text: string, start: number, end: number): number {
    const length = end - start;
    const stride = (length >> 3) + 1;
    let mixed = length;
    for (let i = start; i < end; i += stride) mixed = Math.imul(mixed ^ text.charCodeAt(i), MIX);
    if (length > 3) {
      mixed = Math.imul(mixed ^ text.charCodeAt(end - 1), MIX);
      mixed = Math.imul(mixed ^ text.charCodeAt(end - 2), MIX);
      mixed = Math.imul(mixed ^ text.charCodeAt(end - 3), MIX);
    }
    if (this.#early) {
      const until = Math.min(end, start + 48);
      for (let i = start + 5; i < until; i += 4) mixed = Math.imul(mixed ^ text.charCodeAt(i), MIX);
      // The end of the target, where the things that an app asks for in turn have their numbers.
      const targetEnd = text.indexOf('\r', start) - VERSION_LENGTH;
      const from = Math.max(start, targetEnd - TARGET_END);
      for (let i = from; i < targetEnd; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), MIX);
    }
    return mixed ^ (mixed >>> 15);
  }
}

let scratch = Buffer.allocUnsafeSlow(4096);

/** A flat copy of a part of a text, which does not hold the whole text in memory as V8's slices do. */
export function ownText(text: string, start: number, end: number): string {
  const length = end - start;
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length);
  scratch.latin1Write(text.slice(start, end), 0, length);
  return scratch.latin1Slice(0, length);
}
