import {
  type CounterSeries,
  type Family,
  type HistogramSeries,
  type Labels,
  renderLabels,
} from '#lib/telemetry';
import { grpcStatusName } from '../http/grpc.ts';
import type { InboundHttpFamilies, OutboundHttpFamilies } from './families.ts';
import { MAX_OUTCOMES } from './http-series.ts';
import type { Outcome } from './outcome.ts';

/** How a request ended, in the words of the outbound route metrics; empty for an ordinary response. */
export type StreamError =
  | ''
  | 'FAIL_FAST'
  | 'LOAD_SHED'
  | 'CANCEL'
  | 'REFUSED'
  | 'ENHANCE_YOUR_CALM'
  | 'RESET'
  | 'GO_AWAY'
  | 'IO'
  | 'UNKNOWN';

/** A counter for each status, resolved once. */
class StatusSeries {
  readonly #plain: (CounterSeries | undefined)[] = [];
  readonly #others = new Map<string, CounterSeries>();
  readonly #family: Family<CounterSeries>;
  readonly #labels: Labels;
  readonly #statusLabels: (outcome: Outcome, error: string) => Labels;
  #outcomes = 0;
  #overflow: CounterSeries | undefined;

  /** `statusLabels` are what an outcome adds to the labels of all. */
  constructor(
    family: Family<CounterSeries>,
    labels: Labels,
    statusLabels: (outcome: Outcome, error: string) => Labels,
  ) {
    this.#family = family;
    this.#labels = labels;
    this.#statusLabels = statusLabels;
  }

  /** Counts an ordinary response that is not gRPC. */
  countPlain(status: number): void {
    const known = this.#plain[status];
    if (known !== undefined) {
      known.value++;
      return;
    }
    const series = this.#resolve({ status, success: status < 500, grpcStatus: '', error: '' }, '');
    if (series !== this.#overflow) this.#plain[status] = series;
    series.value++;
  }

  count(outcome: Outcome, error: string): void {
    if (error === '' && outcome.grpcStatus === '' && outcome.error === '') {
      this.countPlain(outcome.status);
      return;
    }
    const key = `${outcome.status} ${outcome.grpcStatus} ${error}`;
    let series = this.#others.get(key);
    if (series === undefined) {
      series = this.#resolve(outcome, error);
      if (series !== this.#overflow) this.#others.set(key, series);
    }
    series.value++;
  }

  #resolve(outcome: Outcome, error: string): CounterSeries {
    if (this.#outcomes >= MAX_OUTCOMES) {
      this.#overflow ??= this.#family.overflow(renderLabels(this.#labels));
      return this.#overflow;
    }
    this.#outcomes++;
    return this.#family.with({ ...this.#labels, ...this.#statusLabels(outcome, error) });
  }
}

/** The label of an outbound status: the gRPC name for gRPC routes, else the number. */
function outboundStatus(isGrpc: boolean, outcome: Outcome, error: string): Labels {
  const status = isGrpc
    ? { grpc_status: grpcStatusName(outcome.grpcStatus) }
    : { http_status: statusText(outcome) };
  return { ...status, error };
}

/** Empty where no response came. */
function statusText({ status }: Outcome): string {
  return status === 0 ? '' : String(status);
}

/** outbound_{http,grpc}_route_* of one parent and route. */
export class OutboundRouteSeries {
  readonly requestSeconds: HistogramSeries;
  readonly requestFrames: HistogramSeries;
  readonly statuses: StatusSeries;

  constructor(
    families: OutboundHttpFamilies,
    labels: { readonly route: Labels; readonly hostname: string },
    isGrpc: boolean,
  ) {
    const withHostname = { ...labels.route, hostname: labels.hostname };
    this.requestSeconds = families.requestSeconds.with(withHostname);
    this.requestFrames = families.requestFrames.with(labels.route);
    this.statuses = new StatusSeries(families.requestStatuses, withHostname, (outcome, error) =>
      outboundStatus(isGrpc, outcome, error),
    );
  }
}

/** outbound_{http,grpc}_route_backend_* of one parent, route and backend. */
export class OutboundBackendSeries {
  readonly requests: CounterSeries;
  readonly seconds: HistogramSeries;
  readonly frames: HistogramSeries;
  readonly statuses: StatusSeries;

  constructor(families: OutboundHttpFamilies, labels: Labels, isGrpc: boolean) {
    const text = renderLabels(labels);
    this.requests = families.backendRequests.withRendered(text);
    this.seconds = families.backendSeconds.withRendered(text);
    this.frames = families.backendFrames.withRendered(text);
    this.statuses = new StatusSeries(families.backendStatuses, labels, (outcome, error) =>
      outboundStatus(isGrpc, outcome, error),
    );
  }
}

/** inbound_{http,grpc}_* of one Server and route. */
export class InboundRouteSeries {
  readonly requests: CounterSeries;
  readonly requestFrames: HistogramSeries;
  readonly responseFrames: HistogramSeries;
  readonly requestSeconds: HistogramSeries;
  readonly responseSeconds: HistogramSeries;
  readonly statuses: StatusSeries;

  constructor(families: InboundHttpFamilies, labels: Labels, isGrpc: boolean) {
    const text = renderLabels(labels);
    this.requests = families.requests.withRendered(text);
    this.requestFrames = families.requestFrames.withRendered(text);
    this.responseFrames = families.responseFrames.withRendered(text);
    this.requestSeconds = families.requestSeconds.withRendered(text);
    this.responseSeconds = families.responseSeconds.withRendered(text);
    this.statuses = new StatusSeries(families.statuses, labels, (outcome) => ({
      status: isGrpc ? outcome.grpcStatus : statusText(outcome),
    }));
  }
}
