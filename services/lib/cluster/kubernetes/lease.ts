import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, describeError, type Random, systemClock, systemRandom } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { KubernetesClient } from './client.ts';
import { hasStatus } from './error.ts';
import { claimLease, LEASES, type Lease, type LeaseTerms, releaseLease } from './lease-record.ts';
import { collectionPath, objectPath } from './resource-path.ts';

export interface LeaseOptions extends LeaseTerms {
  /** Who we are: no two processes may have the same name. */
  readonly holder: string;
  /** How long others leave the lease alone after we renewed it last. */
  readonly durationMs: number;
  /** After how long without a renewal we stop believing that we hold it; less than `durationMs`. */
  readonly renewMs: number;
  /** How often the lease is renewed or tried for. */
  readonly retryMs: number;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** A lease that several processes want and one at a time holds. */
export interface HeldLease {
  isHeld(): boolean;
  /** Calls `listener` whenever we take or lose the lease; returns what ends that. */
  onChange(listener: (isHeld: boolean) => void): () => void;
  /** Gives the lease back, where we hold it. */
  close(): Promise<void>;
}

interface State {
  /** When we renewed last, on the monotonic clock; undefined: it is not ours. */
  renewedMs: number | undefined;
  /** What another one wrote, and since when we see it unchanged. */
  observed: { readonly key: string; readonly sinceMs: number } | undefined;
  current: Lease | undefined;
  problem: string;
}

interface Parts {
  readonly client: KubernetesClient;
  readonly options: LeaseOptions;
  readonly clock: Clock;
  readonly state: State;
}

/**
 * Tries for a lease until it is closed. Clocks of different machines need not agree: another's lease has run out only
 * after we have seen it unchanged for its whole duration, on our own clock. Two never write at once: the API refuses
 * the one who did not see what the other wrote.
 */
export function createLease(client: KubernetesClient, options: LeaseOptions): HeldLease {
  const { clock = systemClock, random = systemRandom } = options;
  const state: State = { renewedMs: undefined, observed: undefined, current: undefined, problem: '' };
  const parts: Parts = { client, options, clock, state };
  const closing = new AbortController();
  const listeners = new Set<(isHeld: boolean) => void>();
  let told = false;
  let expiry: NodeJS.Timeout | undefined;
  const isHeld = () => state.renewedMs !== undefined && clock.monotonic() - state.renewedMs < options.renewMs;
  const tell = () => {
    clearTimeout(expiry);
    const remainingMs = (state.renewedMs ?? 0) + options.renewMs - clock.monotonic();
    if (isHeld()) expiry = setTimeout(tell, Math.max(1, remainingMs));
    if (isHeld() === told) return;
    told = !told;
    for (const listener of [...listeners]) listener(told);
  };
  const run = async () => {
    while (!closing.signal.aborted) {
      await tryOnce(parts);
      tell();
      const waitMs = options.retryMs * (1 + 0.2 * random());
      await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    isHeld,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing.abort();
      await running;
      const wasHeld = isHeld();
      state.renewedMs = undefined;
      tell();
      if (wasHeld) await release(parts);
    },
  };
}

/** Renews our lease or takes a free one; never rejects. */
async function tryOnce(parts: Parts): Promise<void> {
  const { state, clock, options } = parts;
  const startedMs = clock.monotonic();
  try {
    const current = await read(parts);
    state.current = current;
    if (current !== undefined && isTaken(current, parts)) {
      state.renewedMs = undefined;
      return;
    }
    state.current = await write(parts, current);
    // From before the request: that is when others may begin to count.
    state.renewedMs = startedMs;
    state.problem = '';
  } catch (error) {
    if (hasStatus(error, 409)) return;
    const { log, namespace, name } = options;
    const fields = { lease: `${namespace}/${name}`, error: describeError(error) };
    if (state.problem === '') log.warn('the lease could not be renewed or tried for; trying again', fields);
    state.problem = fields.error;
  }
}

async function read({ client, options }: Parts): Promise<Lease | undefined> {
  try {
    const timeoutMs = options.renewMs / 2;
    return await client.request<Lease>({ method: 'GET', path: objectPath(LEASES, options), timeoutMs });
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Whether another one holds it; sees to it how long. */
function isTaken({ spec }: Lease, { state, clock, options }: Parts): boolean {
  const holder = spec?.holderIdentity ?? '';
  if (holder === '' || holder === options.holder) return false;
  const key = JSON.stringify(spec);
  if (state.observed?.key !== key) state.observed = { key, sinceMs: clock.monotonic() };
  const durationMs = (spec?.leaseDurationSeconds ?? 0) * 1000;
  return clock.monotonic() - state.observed.sinceMs < durationMs;
}

function write({ client, options, clock }: Parts, current: Lease | undefined): Promise<Lease> {
  const body = claimLease(current, options, clock.now());
  const timeoutMs = options.renewMs / 2;
  return current === undefined
    ? client.request({ method: 'POST', path: collectionPath(LEASES, options.namespace), body, timeoutMs })
    : client.request({ method: 'PUT', path: objectPath(LEASES, options), body, timeoutMs });
}

async function release({ client, state, clock, options }: Parts): Promise<void> {
  if (state.current === undefined) return;
  try {
    await client.update(LEASES, releaseLease(state.current, clock.now()));
  } catch (error) {
    options.log.warn('the lease could not be given back; it runs out by itself', {
      error: describeError(error),
    });
  }
}
