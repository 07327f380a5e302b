import type { Millis } from '#lib/base';
import type { CounterSeries, Logger } from '#lib/telemetry';
import type { SpanSink } from '../tracer.ts';
import { encodeSpan, type Span } from './span.ts';

/** How a batch came to its end: spans that the collector did not want are a warning. */
export type ExportOutcome =
  | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Where batches go. */
export interface Collector {
  /** False while it cannot be reached. */
  readonly isConnected: boolean;
  /** Sends a batch; `done` is called once, also where that takes long. */
  export(spans: readonly Uint8Array[], done: (outcome: ExportOutcome) => void): void;
}

export interface ExporterOptions {
  readonly collector: Collector;
  readonly series: {
    readonly streams: CounterSeries;
    readonly requests: CounterSeries;
    readonly spans: CounterSeries;
    readonly dropped: CounterSeries;
  };
  readonly log: Logger;
  readonly limits?: Partial<ExporterLimits>;
}

export interface ExporterLimits {
  /** How long a span waits for others at most. */
  readonly intervalMs: Millis;
  readonly batchSpans: number;
  /** Collectors refuse messages above 4 MiB, unless told otherwise. */
  readonly batchBytes: number;
  /** Spans that may wait while none can be sent; further ones are dropped. */
  readonly buffer: number;
}

/** Source: facts sheet proxy-tap, section 3; the bytes are ours. */
const LIMITS: ExporterLimits = { intervalMs: 10_000, batchSpans: 1000, batchBytes: 1_048_576, buffer: 100 };

/**
 * Gathers spans and sends them in batches, one after the other. What cannot be sent is dropped and counted: nothing
 * waits for it, and nothing is sent twice.
 */
export class SpanExporter implements SpanSink {
  readonly #options: ExporterOptions;
  readonly #limits: ExporterLimits;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isSending = false;
  #timer: NodeJS.Timeout | undefined;
  /** A collector that is away is told of once. */
  #isFailing = false;
  #onDrained: (() => void) | undefined;

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  add(span: Span): void {
    if (this.#isFull) {
      this.#options.series.dropped.inc();
      return;
    }
    const encoded = encodeSpan(span);
    this.#waiting.push(encoded);
    this.#waitingBytes += encoded.length;
    this.#schedule();
  }

  get #isFull(): boolean {
    const { batchSpans, buffer } = this.#limits;
    const isHeldUp = this.#isSending || !this.#options.collector.isConnected;
    return this.#waiting.length >= (isHeldUp ? buffer : batchSpans);
  }

  #schedule(): void {
    if (this.#isSending) return;
    if (this.#waiting.length === 0) {
      this.#onDrained?.();
      return;
    }
    const { batchSpans, batchBytes, intervalMs } = this.#limits;
    const isDue = this.#waiting.length >= batchSpans || this.#waitingBytes >= batchBytes;
    if (isDue || this.#onDrained !== undefined) this.#send();
    else {
      this.#timer ??= setTimeout(() => this.#send(), intervalMs);
      this.#timer.unref();
    }
  }

  /** Sends what waits at once, and from now on without waiting for more; resolves when nothing is left. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#schedule();
    });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spans = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isSending = true;
    this.#options.series.streams.inc();
    this.#options.collector.export(spans, (outcome) => {
      this.#isSending = false;
      this.#account(outcome, spans.length);
      this.#schedule();
    });
  }

  #account(outcome: ExportOutcome, count: number): void {
    const { series, log } = this.#options;
    if (outcome.kind === 'failed') {
      series.dropped.inc(count);
      if (!this.#isFailing) log.warn('Spans dropped', { error: outcome.message });
      this.#isFailing = true;
      return;
    }
    this.#isFailing = false;
    series.requests.inc();
    series.spans.inc(count - outcome.rejected);
    series.dropped.inc(outcome.rejected);
    if (outcome.message !== '')
      log.warn('The collector of traces says', { message: outcome.message, rejected: outcome.rejected });
  }
}
