/** On what kind of connection a request failed. */
export type FailureKind = 'new' | 'kept' | 'quiet new' | 'quiet kept';

export interface Failure {
  readonly kind: FailureKind;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly sentAtMs: number;
  readonly failedAtMs: number;
}

/** What a generator has sent since its start, and how each request that failed did. */
export interface Account {
  sent: number;
  ok: number;
  inFlight: number;
  newConnections: number;
  /** Of `sent`: those to the quiet targets. */
  quietSent: number;
  /** Of `ok`. */
  quietOk: number;
  /** Answers by the pod that gave them. */
  readonly servedBy: Record<string, number>;
  readonly failures: Failure[];
  /** The most requests in flight at once, by second since the epoch. */
  readonly inFlightBySecond: Record<number, number>;
}
