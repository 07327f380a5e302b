import { type Field, FieldPool } from '../field.ts';
import { isFieldName } from './field-syntax.ts';
import { FIRST_DYNAMIC_INDEX, STATIC_FIELDS } from './static-table.ts';

/** What an entry counts beyond its text (RFC 7541 section 4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;
export const DEFAULT_TABLE_BYTES = 4096;

const POOLED_FIELDS = 4096;
/** Entries of all connections, so that the same field of two connections is one object to an encoder. */
const pool = new FieldPool(POOLED_FIELDS);

/** The process-wide object of a field; `field` itself if it is new. */
export function internField(field: Field): Field {
  if (field.sensitive) return field;
  const key = `${field.name}\0${field.value}`;
  const known = pool.get(key);
  if (known !== undefined) return known;
  pool.put(key, field);
  return field;
}

/** The bytes a field counts in a table and in a header list. */
export function entryBytes(field: Field): number {
  return field.name.length + field.value.length + ENTRY_OVERHEAD_BYTES;
}

/** The dynamic table of a decoder (RFC 7541 section 2.3.2), a ring of shared fields. */
export class DecoderTable {
  /** Changes whenever an index may mean something else than before. */
  generation = 0;
  readonly #limitBytes: number;
  #maxBytes: number;
  #bytes = 0;
  #count = 0;
  /** Where the next entry goes. */
  #next = 0;
  readonly #ring: (Field | undefined)[];
  readonly #mask: number;
  /** Entries that no message may use (RFC 9113 section 8.2.1); nearly always none. */
  #malformed: Set<Field> | undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#maxBytes = limitBytes;
    let slots = 16;
    while (slots * ENTRY_OVERHEAD_BYTES < limitBytes) slots *= 2;
    this.#ring = new Array(slots).fill(undefined);
    this.#mask = slots - 1;
  }

  /** The field of an index, static or dynamic; undefined where there is none. */
  at(index: number): Field | undefined {
    if (index < FIRST_DYNAMIC_INDEX) return STATIC_FIELDS[index];
    const age = index - FIRST_DYNAMIC_INDEX;
    return age < this.#count ? this.#ring[(this.#next - 1 - age) & this.#mask] : undefined;
  }

  isMalformed(field: Field): boolean {
    return this.#malformed?.has(field) === true;
  }

  /** Whether a literal may take its name from that entry. */
  hasValidName(index: number): boolean {
    if (this.#malformed === undefined) return true;
    const field = this.at(index);
    if (field === undefined || !this.#malformed.has(field)) return true;
    const bytes = Buffer.from(field.name, 'latin1');
    return isFieldName({ bytes, start: 0, end: bytes.length });
  }

  /** Adds an entry, evicting what is too old for it. */
  insert(field: Field, wellFormed: boolean): void {
    this.generation++;
    const bytes = entryBytes(field);
    this.#evictTo(this.#maxBytes - bytes);
    if (bytes > this.#maxBytes) return;
    if (!wellFormed) {
      this.#malformed ??= new Set();
      this.#malformed.add(field);
    }
    this.#ring[this.#next] = field;
    this.#next = (this.#next + 1) & this.#mask;
    this.#count++;
    this.#bytes += bytes;
  }

  /** A size update; false where it is above what was allowed. */
  resize(maxBytes: number): boolean {
    if (maxBytes > this.#limitBytes) return false;
    this.generation++;
    this.#maxBytes = maxBytes;
    this.#evictTo(maxBytes);
    return true;
  }

  #evictTo(bytes: number): void {
    while (this.#count > 0 && this.#bytes > bytes) {
      const slot = (this.#next - this.#count) & this.#mask;
      const oldest = this.#ring[slot];
      this.#ring[slot] = undefined;
      this.#count--;
      if (oldest === undefined) continue;
      this.#bytes -= entryBytes(oldest);
      this.#malformed?.delete(oldest);
    }
    if (this.#malformed?.size === 0) this.#malformed = undefined;
  }
}
