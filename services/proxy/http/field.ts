/** What a header field means to a codec; most mean nothing to it. */
export const FIELD_KIND = {
  plain: 0,
  /** `:method`, `:path`, … of HTTP/2; never in `fields` of a head. */
  pseudo: 1,
  host: 2,
  contentLength: 3,
  transferEncoding: 4,
  /** `connection`, `keep-alive`, `proxy-connection`: for this hop only (RFC 9110 section 7.6.1). */
  hop: 5,
  te: 6,
  upgrade: 7,
  expect: 8,
  date: 9,
  /** May come in several pieces in HTTP/2 (RFC 9113 section 8.2.3). */
  cookie: 10,
} as const;
export type FieldKind = (typeof FIELD_KIND)[keyof typeof FIELD_KIND];

const KINDS: Readonly<Record<string, FieldKind>> = {
  host: FIELD_KIND.host,
  'content-length': FIELD_KIND.contentLength,
  'transfer-encoding': FIELD_KIND.transferEncoding,
  connection: FIELD_KIND.hop,
  'keep-alive': FIELD_KIND.hop,
  'proxy-connection': FIELD_KIND.hop,
  te: FIELD_KIND.te,
  upgrade: FIELD_KIND.upgrade,
  expect: FIELD_KIND.expect,
  date: FIELD_KIND.date,
  cookie: FIELD_KIND.cookie,
};

/**
 * One header field, immutable and shared: the same line of two messages is the same object where a pool
 * remembers it, so that an encoder can compare by identity. Strings are Latin-1, a character a byte.
 */
export class Field {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  readonly kind: FieldKind;
  /** How often a pool was asked for it: what comes again is worth a place in a dynamic table. */
  sightings = 0;
  /** Came as never-indexed: no encoder may index it, on any hop (RFC 7541 section 6.2.3). */
  sensitive = false;
  #line: string | undefined;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.kind = name.charCodeAt(0) === 58 ? FIELD_KIND.pseudo : (KINDS[name] ?? FIELD_KIND.plain);
  }

  /** The HTTP/1 line, with its end. */
  get line(): string {
    this.#line ??= `${this.name}: ${this.value}\r\n`;
    return this.#line;
  }
}

/**
 * Remembers fields by a key (an HTTP/1 line as it came, or `name\0value`), bounded: two generations, the older
 * one forgotten whole when the younger is full, so that what is used stays and what came once goes.
 */
export class FieldPool {
  readonly #capacity: number;
  #young = new Map<string, Field>();
  #old = new Map<string, Field>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): Field | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) {
      young.sightings++;
      return young;
    }
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    old.sightings++;
    this.put(key, old);
    return old;
  }

  put(key: string, field: Field): void {
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, field);
  }
}
