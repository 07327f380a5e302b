import type { HttpAnswer } from './http-client.ts';

/** What the generator counted since its start; `GET /` of the generator answers it as JSON. */
export interface Counters {
  sent: number;
  ok: number;
  failed: number;
  inFlight: number;
  /** Connections opened: the requests that were the first on theirs. */
  newConnections: number;
  /** Requests not sent because too many were in flight. */
  heldBack: number;
  /** Failures by what the generator saw: `status 503`, `ECONNRESET`, … */
  failures: Record<string, number>;
  /** When the last failure was seen, ISO 8601. */
  lastFailureAt: string | null;
  /** What the last answer said of the caller's identity. */
  lastClientId: string | null;
}

export function createCounters(): Counters {
  return {
    sent: 0,
    ok: 0,
    failed: 0,
    inFlight: 0,
    newConnections: 0,
    heldBack: 0,
    failures: {},
    lastFailureAt: null,
    lastClientId: null,
  };
}

export function countAnswer(counters: Counters, answer: HttpAnswer): void {
  if (!answer.reusedConnection) counters.newConnections += 1;
  if (answer.status !== 200) return countFailure(counters, `status ${answer.status}`);
  counters.ok += 1;
  const body = answer.body as { client?: string | null } | null;
  counters.lastClientId = body?.client ?? null;
}

export function countFailure(counters: Counters, reason: string): void {
  counters.failed += 1;
  counters.failures[reason] = (counters.failures[reason] ?? 0) + 1;
  counters.lastFailureAt = new Date().toISOString();
}
