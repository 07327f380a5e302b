import {
  type CounterSeries,
  type GaugeSeries,
  type HistogramSeries,
  type Labels,
  renderLabels,
} from './series.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type AnySeries = CounterSeries | GaugeSeries | HistogramSeries;

export interface FamilyOptions<S extends AnySeries> {
  readonly help: string;
  readonly type: MetricType;
  /** A new handle: to the cell, or to one of its own. */
  readonly create: (cell?: S['cell']) => S;
  /** How many label sets there may be, unless the family is kept for ever. */
  readonly maxSeries: number;
  readonly onOverflow: (family: string) => void;
}

/** A series as its family keeps it. */
interface Entry<S extends AnySeries> {
  readonly cell: S['cell'];
  /** The handle that is given out; undefined while `parked` has it. */
  handle: S | undefined;
  /** The handle of an idle series is held by those who count with it alone. */
  parked: WeakRef<S> | undefined;
  /** The cell's activity at the last sweep, and since when it has been that. */
  seen: number;
  quietSinceMs: number | undefined;
}

/** A family of whatever kind, as a registry goes through it. */
export type AnyFamily = Pick<Family<AnySeries>, 'name' | 'help' | 'type' | 'size' | 'entries' | 'sweep'>;

/** All series of one metric name. The same labels give the same series, in whatever call. */
export class Family<S extends AnySeries> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly #options: FamilyOptions<S>;
  readonly #entries = new Map<string, Entry<S>>();
  #expires = true;

  constructor(name: string, options: FamilyOptions<S>) {
    this.name = name;
    this.help = options.help;
    this.type = options.type;
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Exempts the family from expiry and cap: its label sets are few, and each is shown for ever. */
  keepForever(): this {
    this.#expires = false;
    return this;
  }

  /** The series of these labels. Resolve once and keep it where it is counted often. */
  with(labels: Labels): S {
    return this.withRendered(renderLabels(labels));
  }

  /** The same for labels already rendered by `renderLabels`. */
  withRendered(labels: string): S {
    const entry = this.#entries.get(labels);
    if (entry !== undefined) return entry.handle ?? this.#revive(entry);
    const hasRoom = this.#entries.size < this.#options.maxSeries || !this.#expires;
    return hasRoom ? this.#add(labels) : this.overflow(labels);
  }

  /** The series that label sets share for which there is no room; it says the direction where they do. */
  overflow(labels: string): S {
    this.#options.onOverflow(this.name);
    const direction = /(?:^|,)(direction="[a-z]*")/.exec(labels)?.[1];
    const shared = direction === undefined ? 'overflow="true"' : `${direction},overflow="true"`;
    const entry = this.#entries.get(shared);
    return entry === undefined ? this.#add(shared) : (entry.handle ?? this.#revive(entry));
  }

  #add(labels: string): S {
    const handle = this.#options.create();
    this.#entries.set(labels, {
      cell: handle.cell,
      handle,
      parked: undefined,
      seen: 0,
      quietSinceMs: undefined,
    });
    return handle;
  }

  #revive(entry: Entry<S>): S {
    const handle = entry.parked?.deref() ?? this.#options.create(entry.cell);
    entry.handle = handle;
    entry.parked = undefined;
    return handle;
  }

  remove(labels: Labels): void {
    this.#entries.delete(renderLabels(labels));
  }

  clear(): void {
    this.#entries.clear();
  }

  /**
   * Drops the series that have been the same for `idleMs` and that nobody can count with any more: those whose
   * handles are still held (by a connection, an endpoint, a route) stay.
   */
  sweep(nowMs: number, idleMs: number): void {
    if (!this.#expires) return;
    for (const [labels, entry] of this.#entries) {
      const { activity } = entry.cell;
      if (activity !== entry.seen || entry.quietSinceMs === undefined) {
        entry.seen = activity;
        entry.quietSinceMs = nowMs;
      } else if (nowMs - entry.quietSinceMs >= idleMs) this.#retire(labels, entry);
    }
  }

  #retire(labels: string, entry: Entry<S>): void {
    if (entry.handle !== undefined) {
      entry.parked = new WeakRef(entry.handle);
      entry.handle = undefined;
    } else if (entry.parked?.deref() === undefined) this.#entries.delete(labels);
  }

  /** What is counted, by rendered labels; may go on while series come and go. */
  entries(): IterableIterator<[labels: string, entry: { readonly cell: S['cell'] }]> {
    return this.#entries.entries();
  }
}
