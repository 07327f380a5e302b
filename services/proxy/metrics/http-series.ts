import { type CounterSeries, type HistogramSeries, type Labels, renderLabels } from '#lib/telemetry';
import type { Families } from './families.ts';
import type { Outcome } from './outcome.ts';

type HttpFamilies = Pick<Families, 'requests' | 'responses' | 'responseLatency'>;

export interface ResponseSeries {
  readonly total: CounterSeries;
  readonly latencyMs: HistogramSeries;
}

/**
 * How many outcomes one endpoint or route is told apart by. Apps choose statuses and peers choose error codes, so that
 * without an end there could be any number of them; what is beyond is counted as overflow.
 */
export const MAX_OUTCOMES = 100;

/** request_total, response_total and response_latency_ms of one endpoint, resolved once per outcome. */
export class HttpSeries {
  readonly requests: CounterSeries;
  readonly #families: HttpFamilies;
  readonly #labels: Labels;
  /** Plain HTTP by status: the way nearly all responses go. */
  readonly #plain: (ResponseSeries | undefined)[] = [];
  readonly #others = new Map<string, ResponseSeries>();
  #outcomes = 0;
  #overflow: ResponseSeries | undefined;

  constructor(families: HttpFamilies, labels: Labels) {
    this.#families = families;
    this.#labels = labels;
    this.requests = families.requests.with(labels);
  }

  /** The series of a plain HTTP status without an error; 500 and above are failures. */
  plain(status: number): ResponseSeries {
    const known = this.#plain[status];
    if (known !== undefined) return known;
    if (this.#outcomes >= MAX_OUTCOMES) return this.#overflowing();
    const series = this.#resolve({ status, success: status < 500, grpcStatus: '', error: '' });
    this.#plain[status] = series;
    return series;
  }

  of(outcome: Outcome): ResponseSeries {
    if (outcome.grpcStatus === '' && outcome.error === '' && outcome.status > 0)
      return this.plain(outcome.status);
    const key = `${outcome.status} ${outcome.success} ${outcome.grpcStatus} ${outcome.error}`;
    let series = this.#others.get(key);
    if (series !== undefined) return series;
    if (this.#outcomes >= MAX_OUTCOMES) return this.#overflowing();
    series = this.#resolve(outcome);
    this.#others.set(key, series);
    return series;
  }

  #resolve(outcome: Outcome): ResponseSeries {
    this.#outcomes++;
    const status = outcome.status === 0 ? {} : { status_code: String(outcome.status) };
    return {
      total: this.#families.responses.with({
        ...this.#labels,
        ...status,
        classification: outcome.success ? 'success' : 'failure',
        grpc_status: outcome.grpcStatus,
        error: outcome.error,
      }),
      latencyMs: this.#families.responseLatency.with({ ...this.#labels, ...status }),
    };
  }

  #overflowing(): ResponseSeries {
    if (this.#overflow === undefined) {
      const labels = renderLabels(this.#labels);
      const { responses, responseLatency } = this.#families;
      this.#overflow = { total: responses.overflow(labels), latencyMs: responseLatency.overflow(labels) };
    }
    return this.#overflow;
  }
}
