import type { Clock } from '#lib/base';

/** An object as Events and owners refer to it. */
export interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** Something that happened to an object, for whoever looks at it with kubectl. */
export interface EventRecord {
  readonly regarding: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** An event that was told already. */
export interface KnownEvent {
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

/** Which events were told already, and who had too many. Bounded: what was not heard of for longest is forgotten. */
export interface EventMemory {
  /** False where this object has had more events than it may: 25 at once, one in 5 minutes in the long run. */
  admit(record: EventRecord): boolean;
  /** The same event of the last 10 minutes. */
  find(record: EventRecord): KnownEvent | undefined;
  remember(record: EventRecord, known: KnownEvent): void;
  forget(record: EventRecord): void;
}

const MAX_ENTRIES = 4096;
const SAME_WITHIN_MS = 600_000;
const BURST = 25;
const REFILL_MS = 300_000;

/** The numbers are those of client-go's event correlator. */
export function createEventMemory(clock: Clock): EventMemory {
  const events = new Map<string, KnownEvent>();
  const budgets = new Map<string, { tokens: number; filledMs: number }>();
  return {
    admit({ regarding }) {
      const key = keyOfObject(regarding);
      const nowMs = clock.monotonic();
      const { tokens, filledMs } = budgets.get(key) ?? { tokens: BURST, filledMs: nowMs };
      const available = Math.min(BURST, tokens + (nowMs - filledMs) / REFILL_MS);
      const isAdmitted = available >= 1;
      store(budgets, key, { tokens: isAdmitted ? available - 1 : available, filledMs: nowMs });
      return isAdmitted;
    },
    find(record) {
      const known = events.get(keyOf(record));
      return known !== undefined && clock.monotonic() - known.lastMs <= SAME_WITHIN_MS ? known : undefined;
    },
    remember: (record, known) => store(events, keyOf(record), known),
    forget: (record) => void events.delete(keyOf(record)),
  };
}

function store<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_ENTRIES && oldest !== undefined) map.delete(oldest);
}

function keyOfObject({ kind, namespace = '', name }: ObjectReference): string {
  return `${kind}/${namespace}/${name}`;
}

function keyOf({ regarding, type, reason, message }: EventRecord): string {
  return JSON.stringify([keyOfObject(regarding), type, reason, message]);
}
