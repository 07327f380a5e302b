import type { Field } from '../field.ts';
import { ENTRY_OVERHEAD_BYTES, entryBytes } from './decoder-table.ts';
import { FIRST_DYNAMIC_INDEX } from './static-table.ts';

/** The dynamic table of an encoder: which fields the peer has, found by identity. */
export class EncoderTable {
  /** Changes whenever a block written before would mean something else. */
  generation = 0;
  maxBytes: number;
  #bytes = 0;
  /** Entries are numbered from 1 as they come; the oldest kept is `#inserted - #count + 1`. */
  #inserted = 0;
  #count = 0;
  readonly #ring: (Field | undefined)[];
  readonly #mask: number;
  readonly #numberOf = new Map<Field, number>();
  readonly #numberOfName = new Map<string, number>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    let slots = 16;
    while (slots * ENTRY_OVERHEAD_BYTES < maxBytes) slots *= 2;
    this.#ring = new Array(slots).fill(undefined);
    this.#mask = slots - 1;
  }

  /** The index of that very field, or 0. */
  indexOf(field: Field): number {
    const number = this.#numberOf.get(field);
    return number === undefined ? 0 : FIRST_DYNAMIC_INDEX + this.#inserted - number;
  }

  /** The index of the newest entry of that name, or 0. */
  indexOfName(name: string): number {
    const number = this.#numberOfName.get(name);
    return number === undefined ? 0 : FIRST_DYNAMIC_INDEX + this.#inserted - number;
  }

  hasRoomFor(field: Field): boolean {
    return this.#bytes + entryBytes(field) <= this.maxBytes;
  }

  insert(field: Field): void {
    const bytes = entryBytes(field);
    this.generation++;
    this.#evictTo(this.maxBytes - bytes);
    if (bytes > this.maxBytes) return;
    const number = ++this.#inserted;
    this.#ring[number & this.#mask] = field;
    this.#numberOf.set(field, number);
    this.#numberOfName.set(field.name, number);
    this.#count++;
    this.#bytes += bytes;
  }

  resize(maxBytes: number): void {
    this.generation++;
    this.maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #evictTo(bytes: number): void {
    while (this.#count > 0 && this.#bytes > bytes) {
      const number = this.#inserted - this.#count + 1;
      const oldest = this.#ring[number & this.#mask];
      this.#ring[number & this.#mask] = undefined;
      this.#count--;
      if (oldest === undefined) continue;
      this.#bytes -= entryBytes(oldest);
      this.#numberOf.delete(oldest);
      if (this.#numberOfName.get(oldest.name) === number) this.#numberOfName.delete(oldest.name);
    }
  }
}
