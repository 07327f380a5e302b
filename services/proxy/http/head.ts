import type { Field } from './field.ts';

/** HTTP versions as the number of the wire: major·16 + minor. */
export const VERSION = { http10: 0x10, http11: 0x11, http2: 0x20 } as const;
export type Version = (typeof VERSION)[keyof typeof VERSION];

/** Body length that only the end of the body tells (chunked, HTTP/2, or until close). */
export const UNKNOWN_LENGTH = -1;

/**
 * The head of a request, normalised and the same for every wire version. Immutable but for its memos, and often
 * shared: the same bytes on the same connection give the same object (`repeated`).
 *
 * `fields` hold neither Host (it is in `authority`) nor anything that belongs to one hop (Connection and what it
 * names, Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade); `te` is kept only as `trailers`.
 * Content-Length stays in `fields`.
 */
export class RequestHead {
  readonly method: string;
  readonly scheme: string;
  /** `host[:port]`, or empty where the message named none. */
  readonly authority: string;
  /** The request target in origin form (`/path?query`), `*` for OPTIONS, empty for CONNECT. */
  readonly path: string;
  readonly version: Version;
  readonly fields: readonly Field[];
  /** Bytes, 0 for no body, or UNKNOWN_LENGTH. */
  readonly bodyLength: number;
  /** The request line was in absolute form (RFC 9112 section 3.2.2). */
  readonly absoluteForm: boolean;
  /** What an HTTP/1.1 Upgrade asks for (`h2c` is never asked for); empty for none. */
  readonly upgrade: string;
  /** Came from a head memory: what is computed for it is worth keeping. */
  readonly repeated: boolean;
  /** The HTTP/1 rendering, kept by the HTTP/1 client. */
  h1Text: string | undefined;
  /** Pseudo-header fields and fields in HPACK order, kept by the HTTP/2 client. */
  h2Fields: readonly Field[] | undefined;
  /** Whatever the owner of `memoOwner` keeps for this head (a route, a derived head). */
  memoOwner: unknown = undefined;
  memo: unknown = undefined;

  constructor(init: RequestHeadInit) {
    this.method = init.method;
    this.scheme = init.scheme;
    this.authority = init.authority;
    this.path = init.path;
    this.version = init.version;
    this.fields = init.fields;
    this.bodyLength = init.bodyLength;
    this.absoluteForm = init.absoluteForm;
    this.upgrade = init.upgrade;
    this.repeated = init.repeated;
    this.h1Text = undefined;
    this.h2Fields = undefined;
  }

  /** The same head with changes; what was remembered for this one is not for that. */
  with(changes: Partial<RequestHeadInit>): RequestHead {
    return new RequestHead({
      method: changes.method ?? this.method,
      scheme: changes.scheme ?? this.scheme,
      authority: changes.authority ?? this.authority,
      path: changes.path ?? this.path,
      version: changes.version ?? this.version,
      fields: changes.fields ?? this.fields,
      bodyLength: changes.bodyLength ?? this.bodyLength,
      absoluteForm: changes.absoluteForm ?? this.absoluteForm,
      upgrade: changes.upgrade ?? this.upgrade,
      repeated: changes.repeated ?? this.repeated,
    });
  }
}

export interface RequestHeadInit {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly version: Version;
  readonly fields: readonly Field[];
  readonly bodyLength: number;
  readonly absoluteForm: boolean;
  readonly upgrade: string;
  readonly repeated: boolean;
}

/** The head of a final response; normalised like a RequestHead. */
export class ResponseHead {
  readonly status: number;
  readonly version: Version;
  readonly fields: readonly Field[];
  /** Bytes, 0 for no body, or UNKNOWN_LENGTH. A response to HEAD keeps the length it names. */
  readonly bodyLength: number;
  /** The protocol that a 101 switches to; empty for none. */
  readonly upgrade: string;
  readonly repeated: boolean;
  h1Text: string | undefined;
  h2Fields: readonly Field[] | undefined;
  memoOwner: unknown = undefined;
  memo: unknown = undefined;

  constructor(init: ResponseHeadInit) {
    this.status = init.status;
    this.version = init.version;
    this.fields = init.fields;
    this.bodyLength = init.bodyLength;
    this.upgrade = init.upgrade ?? '';
    this.repeated = init.repeated;
    this.h1Text = undefined;
    this.h2Fields = undefined;
  }
}

export interface ResponseHeadInit {
  readonly status: number;
  readonly version: Version;
  readonly fields: readonly Field[];
  readonly bodyLength: number;
  readonly upgrade?: string;
  readonly repeated: boolean;
}

/** Whether an HTTP/1 request wants to leave HTTP (RFC 9110 sections 7.8 and 9.3.6): no other may share its connection. */
export function asksForTunnel(head: RequestHead): boolean {
  return head.upgrade !== '' || (head.method === 'CONNECT' && head.version !== VERSION.http2);
}

/** Whether a response to an HTTP/1 request makes a tunnel of its exchange (see `exchange.ts`). */
export function opensTunnel(request: RequestHead, status: number): boolean {
  if (status === 101) return request.upgrade !== '';
  return request.method === 'CONNECT' && request.version !== VERSION.http2 && status >= 200 && status < 300;
}

/** The value of the first field of that (lower-case) name, or undefined. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  for (const field of fields) if (field.name === name) return field.value;
  return undefined;
}
