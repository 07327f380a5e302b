import { type Clock, MeshError } from '#lib/base';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { hasStatus } from '../kubernetes/error.ts';
import { claimLease, LEASES, type Lease, type LeaseTerms, releaseLease } from '../kubernetes/lease-record.ts';

export interface LeaseLockOptions extends Pick<LeaseTerms, 'namespace' | 'name' | 'holder'> {
  readonly client: Pick<KubernetesClient, 'get' | 'create' | 'update'>;
  readonly clock: Clock;
  /** How long a task may take, and for how long a lost holder keeps the others waiting. @default 60 000 */
  readonly durationMs?: number;
}

/** A lock that is held only for the length of a task: at rest nobody writes anything. */
export interface LeaseLock {
  /**
   * Runs the task while no other replica runs one; `busy`, without running it, where another does. `check` throws
   * once the lease may be another's: call it before each write.
   */
  run(task: (check: () => void) => Promise<void>): Promise<'done' | 'busy'>;
}

export function createLeaseLock(options: LeaseLockOptions): LeaseLock {
  const { client, clock, durationMs = 60_000 } = options;
  const terms: LeaseTerms = { ...options, durationMs };
  const isForeign = createForeignCheck(options);
  const acquire = async (): Promise<Lease | undefined> => {
    const current = await client.get(LEASES, options);
    if (current !== undefined && isForeign(current)) return undefined;
    const next = claimLease(current, terms, clock.now());
    return orTaken(current === undefined ? client.create(LEASES, next) : client.update(LEASES, next));
  };
  return {
    async run(task) {
      // From before the request: that is when others may begin to count.
      const endMs = clock.monotonic() + durationMs;
      const held = await acquire();
      if (held === undefined) return 'busy';
      const check = () => {
        if (clock.monotonic() >= endMs) throw refuseLate(options);
      };
      try {
        await task(check);
      } finally {
        // Where this fails it runs out by itself.
        await client.update(LEASES, releaseLease(held, clock.now())).catch(() => undefined);
      }
      return 'done';
    },
  };
}

/** Whether another holds it: as long as we have seen it unchanged for less than its duration, on our own clock. */
function createForeignCheck({ holder, clock }: LeaseLockOptions): (lease: Lease) => boolean {
  let seen = { version: '', sinceMs: 0 };
  return ({ metadata, spec }) => {
    const other = spec?.holderIdentity ?? '';
    if (other === '' || other === holder) return false;
    const { resourceVersion: version = '' } = metadata;
    if (seen.version !== version) seen = { version, sinceMs: clock.monotonic() };
    return clock.monotonic() - seen.sinceMs < (spec?.leaseDurationSeconds ?? 0) * 1000;
  };
}

/** Undefined where another was quicker. */
async function orTaken(written: Promise<Lease>): Promise<Lease | undefined> {
  try {
    return await written;
  } catch (error) {
    if (hasStatus(error, 409)) return undefined;
    throw error;
  }
}

function refuseLate({ namespace, name }: Pick<LeaseLockOptions, 'namespace' | 'name'>): MeshError {
  return new MeshError(
    'LINKERD_WEBHOOK_LEASE',
    `The Lease ${namespace}/${name} ran out before the certificate was written; it is tried again.`,
  );
}
