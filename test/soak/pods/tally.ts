import { type Account, type Failure, KINDS, type Kind } from './account.ts';

/** Anything that takes longer has failed; streams that live long have it for each message. */
const TIMEOUT_MS = 20_000;

const counts = () => Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
const failures: Failure[] = [];
const answers: Record<string, number> = {};
const inFlightBySecond: Record<number, number> = {};
const sent = counts();
const ok = counts();
let inFlight = 0;

export const account: Account = { sent, ok, failures, answers, inFlightBySecond };

export function noteInFlight(change: 1 | -1): void {
  noteMost();
  inFlight += change;
  noteMost();
}

function noteMost(): void {
  const second = Math.floor(Date.now() / 1000);
  inFlightBySecond[second] = Math.max(inFlightBySecond[second] ?? 0, inFlight);
}

export function noteSent(kind: Kind): void {
  sent[kind]++;
}

export function noteOk(kind: Kind): void {
  ok[kind]++;
}

export function noteAnswerOf(pod: string): void {
  answers[pod] = (answers[pod] ?? 0) + 1;
}

export function noteFailure(kind: Kind, error: unknown, sentAtMs: number): void {
  failures.push({ kind, reason: describe(error), sentAtMs, failedAtMs: Date.now() });
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `${code ?? ''} ${message}`.trim().slice(0, 200);
}

/** Makes one call and counts it; the signal tells it that its time is over. */
export async function count(kind: Kind, call: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const sentAtMs = Date.now();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error('timeout')), TIMEOUT_MS);
  noteSent(kind);
  noteInFlight(1);
  try {
    await withTimeout(call(timeout.signal), timeout.signal);
    noteOk(kind);
  } catch (error) {
    noteFailure(kind, timeout.signal.aborted ? new Error('timeout') : error, sentAtMs);
  } finally {
    clearTimeout(timer);
    noteInFlight(-1);
  }
}

/** Rejects when the signal says so, even where nobody heeds it. */
export function withTimeout<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
