import { type Clock, systemClock } from '#lib/base';
import type { RequestHead } from '../http/head.ts';
import { type Attributes, describeRequest, nameOf } from './attributes.ts';
import type { Span, SpanKind } from './export/span.ts';
import { readSampledContext, withSpan } from './propagation/propagation.ts';
import type { TraceContext } from './propagation/trace-context.ts';
import { createSpanId } from './span-id.ts';
import { createUnixTime } from './unix-time.ts';

/** Takes spans as they end; never holds up who gives them. */
export interface SpanSink {
  add(span: Span): void;
}

export interface TracerOptions {
  readonly direction: 'inbound' | 'outbound';
  readonly sink: SpanSink;
  readonly clock?: Clock;
  /** Makes 16 hexadecimal digits, not all of them zero. */
  readonly createSpanId?: () => string;
}

/** Makes spans for the requests of one direction that belong to a sampled trace. */
export class Tracer {
  readonly #direction: string;
  readonly #sink: SpanSink;
  readonly #unixTime: () => number;
  readonly #createSpanId: () => string;

  constructor(options: TracerOptions) {
    this.#direction = options.direction;
    this.#sink = options.sink;
    this.#unixTime = createUnixTime(options.clock ?? systemClock);
    this.#createSpanId = options.createSpanId ?? createSpanId;
  }

  /** Undefined where the request is of no sampled trace: nothing is to be done then. */
  start(kind: SpanKind, head: RequestHead): OpenSpan | undefined {
    const context = readSampledContext(head.fields);
    return context === undefined ? undefined : this.#open(kind, head, context);
  }

  #open(kind: SpanKind, head: RequestHead, context: TraceContext): OpenSpan {
    const spanId = this.#createSpanId();
    const startMs = this.#unixTime();
    const attributes: Attributes = [...describeRequest(head), ['direction', this.#direction]];
    let isOpen = true;
    return {
      head: withSpan(head, context, spanId),
      end: (status) => {
        if (!isOpen) return;
        isOpen = false;
        if (status !== undefined) attributes.push(['http.response.status_code', `${status}`]);
        const endMs = this.#unixTime();
        this.#sink.add({ context, spanId, kind, name: nameOf(head), startMs, endMs, attributes });
      },
    };
  }
}

/** A span that has begun. */
export interface OpenSpan {
  /** The request as it goes on in the span. */
  readonly head: RequestHead;
  /** When the response begins, or when it is certain that none will (then without a status). The first call counts. */
  end(status: number | undefined): void;
}
