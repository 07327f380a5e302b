import type { Millis } from '#lib/base';

/** A call that waits for a connection. */
export interface WaitingCall<Connection> {
  start(connection: Connection): void;
  refuse(message: string): void;
}

/** Upstream's numbers: facts sheet proxy-wire, section 13. */
const CAPACITY = 1000;
const LIMIT_MS = 30_000;

/** Calls in the order they came, each for a limited time. */
export class CallQueue<Connection> {
  readonly #calls = new Map<WaitingCall<Connection>, Millis>();
  readonly #limits: { readonly capacity: number; readonly waitMs: Millis };
  #timer: NodeJS.Timeout | undefined;

  constructor(limits = { capacity: CAPACITY, waitMs: LIMIT_MS }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#calls.size;
  }

  add(call: WaitingCall<Connection>): void {
    if (this.#calls.size >= this.#limits.capacity) {
      call.refuse('too many calls wait for the control plane');
      return;
    }
    this.#calls.set(call, performance.now() + this.#limits.waitMs);
    this.#watchFirst();
  }

  remove(call: WaitingCall<Connection>): void {
    this.#calls.delete(call);
    this.#watchFirst();
  }

  /** Gives every call to the connection. */
  release(connection: Connection): void {
    const calls = this.#take(Infinity);
    for (const call of calls) call.start(connection);
  }

  refuseAll(message: string): void {
    for (const call of this.#take(Infinity)) call.refuse(message);
  }

  /** Takes what waits since long enough; the order of the map is that of the deadlines. */
  #take(nowMs: Millis): WaitingCall<Connection>[] {
    const taken: WaitingCall<Connection>[] = [];
    for (const [call, deadlineMs] of this.#calls) {
      if (deadlineMs > nowMs && nowMs !== Infinity) break;
      taken.push(call);
      this.#calls.delete(call);
    }
    this.#watchFirst();
    return taken;
  }

  #watchFirst(): void {
    const first = this.#calls.values().next().value;
    if (first === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(() => this.#expire(), Math.max(1, first - performance.now()));
  }

  #expire(): void {
    this.#timer = undefined;
    for (const call of this.#take(performance.now())) call.refuse('service in fail-fast');
    this.#watchFirst();
  }
}
