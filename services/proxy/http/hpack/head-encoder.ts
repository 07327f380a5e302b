import { Field, FieldPool } from '../field.ts';
import { RequestHead, type ResponseHead } from '../head.ts';
import { boundOfFields, HpackEncoder } from './encoder.ts';
import { copyToKeep } from './kept-bytes.ts';

/** The static table's indices of pseudo-header fields with a value (RFC 7541 appendix A). */
const METHOD = { GET: 2, POST: 3 };
const PATH = { root: 4 };
const SCHEME = { http: 6, https: 7 };
const STATUS_INDEX: Readonly<Record<number, number>> = {
  200: 8,
  204: 9,
  206: 10,
  304: 11,
  400: 12,
  404: 13,
  500: 14,
};

const POOLED_TARGETS = 1024;
/** A block that holds no more than this is worth keeping whole. */
const LONGEST_KEPT_BYTES = 4096;
const MOST_KEPT = 256;

/** Pseudo-header fields by value, shared by all connections; a value asked for again gets the same object. */
class PseudoFields {
  readonly #name: string;
  readonly #pool: FieldPool;

  constructor(name: string, capacity: number) {
    this.#name = name;
    this.#pool = new FieldPool(capacity);
  }

  of(value: string): Field {
    const known = this.#pool.get(value);
    if (known !== undefined) return known;
    const field = new Field(this.#name, value);
    this.#pool.put(value, field);
    return field;
  }
}

const methods = new PseudoFields(':method', 64);
const schemes = new PseudoFields(':scheme', 16);
const authorities = new PseudoFields(':authority', POOLED_TARGETS);
const paths = new PseudoFields(':path', POOLED_TARGETS);
const statuses = new PseudoFields(':status', 64);

/** A block written before that means the same as long as the table stays. */
export interface KeptBlock {
  readonly bytes: Buffer;
  readonly sawDate: boolean;
}

/** Encodes heads, and keeps the whole blocks of those that come again, until an insertion changes the table. */
export class HeadEncoder {
  readonly hpack: HpackEncoder;
  readonly #kept = new Map<RequestHead | ResponseHead, KeptBlock>();
  #keptGeneration = 0;
  #startGeneration = 0;
  #start = 0;

  constructor(hpack: HpackEncoder = new HpackEncoder()) {
    this.hpack = hpack;
  }

  /** The block of a head as it was written before, to be copied; undefined where it has to be encoded. */
  findKept(head: RequestHead | ResponseHead): KeptBlock | undefined {
    if (!head.repeated || this.#keptGeneration !== this.hpack.generation) return undefined;
    this.hpack.heads++;
    return this.#kept.get(head);
  }

  begin(out: Buffer, at: number): void {
    this.#startGeneration = this.hpack.generation;
    this.#start = at;
    this.hpack.begin(out, at);
  }

  /** Writes a head after `begin`. */
  writeHead(head: RequestHead | ResponseHead): void {
    if (head instanceof RequestHead) this.#writeRequest(head);
    else this.#writeResponse(head);
  }

  /** Keeps what was written since `begin` for the same head, if it would mean the same again. */
  keep(head: RequestHead | ResponseHead, out: Buffer): void {
    const generation = this.hpack.generation;
    const { at, sawDate } = this.hpack;
    if (generation !== this.#startGeneration || at - this.#start > LONGEST_KEPT_BYTES) return;
    if (this.#keptGeneration !== generation || this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#keptGeneration = generation;
    this.#kept.set(head, { bytes: copyToKeep(out, this.#start, at), sawDate });
  }

  #writeRequest(head: RequestHead): void {
    const hpack = this.hpack;
    const { method, scheme } = head;
    if (method === 'GET') hpack.writeStatic(METHOD.GET);
    else if (method === 'POST') hpack.writeStatic(METHOD.POST);
    else hpack.writeField(methods.of(method));
    if (method !== 'CONNECT') {
      if (scheme === 'https') hpack.writeStatic(SCHEME.https);
      else if (scheme === 'http' || scheme === '') hpack.writeStatic(SCHEME.http);
      else hpack.writeField(schemes.of(scheme));
      if (head.path === '/' || head.path === '') hpack.writeStatic(PATH.root);
      else hpack.writeField(paths.of(head.path));
    }
    if (head.authority !== '') hpack.writeField(authorities.of(head.authority));
    hpack.writeFields(head.fields);
  }

  #writeResponse(head: ResponseHead): void {
    const index = STATUS_INDEX[head.status];
    if (index !== undefined) this.hpack.writeStatic(index);
    else this.hpack.writeField(statuses.of(String(head.status)));
    this.hpack.writeFields(head.fields);
  }
}

/** The most bytes the block of a head can take. */
export function boundOfHead(head: RequestHead | ResponseHead): number {
  const fields = boundOfFields(head.fields);
  if (!(head instanceof RequestHead)) return fields + 32;
  return fields + head.method.length + head.scheme.length + head.authority.length + head.path.length + 96;
}
