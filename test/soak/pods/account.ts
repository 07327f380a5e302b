/** What the soak's traffic is made of; the README says what each kind does. */
export const KINDS = [
  'http1 kept',
  'http1 new',
  'http1 big',
  'http1 slow',
  'http1 abort',
  'http2',
  'http2 abort',
  'grpc unary',
  'grpc stream',
  'grpc bidi',
  'tcp opaque',
  'tcp detected',
  'tcp long',
] as const;

export type Kind = (typeof KINDS)[number];

export interface Failure {
  readonly kind: Kind;
  readonly reason: string;
  /** Milliseconds since the epoch. Of what broke between two messages of a long stream: when the stream began. */
  readonly sentAtMs: number;
  readonly failedAtMs: number;
}

/** What the traffic has sent since its start, and how each call that failed did. */
export interface Account {
  readonly sent: Record<Kind, number>;
  readonly ok: Record<Kind, number>;
  readonly failures: readonly Failure[];
  /** Answers by the pod they came from. */
  readonly answers: Readonly<Record<string, number>>;
  /** The most calls in flight at once, streams that live long counted in, by second since the epoch. */
  readonly inFlightBySecond: Readonly<Record<number, number>>;
}
