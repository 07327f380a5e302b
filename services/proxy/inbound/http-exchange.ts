import type { CounterSeries } from '#lib/telemetry';
import {
  buildErrorHead,
  buildErrorTrailers,
  connectFailed,
  connectTimedOut,
  type ProxyError,
  withContext,
} from '../errors.ts';
import type {
  HttpClient,
  RequestSink,
  ResponseSink,
  ServerResponse,
  StreamFailure,
} from '../http/exchange.ts';
import type { Field } from '../http/field.ts';
import { grpcStatusOf } from '../http/grpc.ts';
import { opensTunnel, type RequestHead, type ResponseHead, VERSION } from '../http/head.ts';
import type { InFlight } from '../http/in-flight.ts';
import type { HttpSeries } from '../metrics/http-series.ts';
import { outcomeOf, responseErrorOf } from '../metrics/outcome.ts';
import type { InboundRouteSeries } from '../metrics/route-series.ts';
import { announceVersion } from './request-heads.ts';

/** Where the requests of a connection go, and what their failures need to be told. */
export interface InboundScope {
  readonly app: HttpClient;
  /** The client may be told what went wrong: it proved an identity. */
  readonly emitsErrors: boolean;
  /** Where in the stack: the start of an error text. */
  readonly errorContext: string;
  readonly inFlight: InFlight;
  countError(error: ProxyError): void;
}

/** The series of a route for one client. */
export interface InboundSeries {
  readonly http: HttpSeries;
  readonly route: InboundRouteSeries;
  readonly allowed: CounterSeries;
}

/** Everything decided for a request head of a connection. */
export interface InboundPlan {
  readonly scope: InboundScope;
  readonly series: InboundSeries;
  /** The head as the app gets it. */
  readonly head: RequestHead;
  readonly isGrpc: boolean;
  /** The peer's proxy upgraded the request: the response says the original version. */
  readonly isUpgraded: boolean;
}

/** One inbound request: passed to the app, counted, and answered for when the app does not. */
export class InboundExchange implements RequestSink, ResponseSink {
  readonly #plan: InboundPlan;
  readonly #response: ServerResponse;
  readonly #upstream: RequestSink;
  readonly #startMs: number;
  #requestEndMs = 0;
  /** Body bytes taken that the app's connection has not credited yet. */
  #uncreditedBytes = 0;
  /** Answered in the app's place: nobody wants what is left of the request. */
  #answered = false;
  #status = 0;
  #grpcStatus = '';
  #done = false;

  constructor(plan: InboundPlan, end: boolean, response: ServerResponse) {
    this.#plan = plan;
    this.#response = response;
    this.#startMs = performance.now();
    if (end) this.#requestEndMs = this.#startMs;
    const { series } = plan;
    plan.scope.inFlight.count++;
    series.http.requests.value++;
    series.allowed.value++;
    series.route.requests.value++;
    this.#upstream = plan.scope.app.request(plan.head, end, this);
  }

  // From the client.

  requestData(chunk: Buffer, end: boolean): void {
    this.#plan.series.route.requestFrames.observe(chunk.length);
    if (end) this.#requestEndMs = performance.now();
    this.#uncreditedBytes += chunk.length;
    if (this.#answered) this.#dropBody();
    else this.#upstream.requestData(chunk, end);
  }

  requestTrailers(fields: readonly Field[]): void {
    this.#requestEndMs = performance.now();
    if (!this.#answered) this.#upstream.requestTrailers(fields);
  }

  requestCancelled(code: number): void {
    this.#upstream.requestCancelled(code);
    if (!this.#done) this.#finish('');
  }

  responseCredit(bytes: number): void {
    this.#upstream.responseCredit(bytes);
  }

  // From the app.

  responseInterim(head: ResponseHead): void {
    this.#response.responseInterim?.(head);
  }

  responseHead(head: ResponseHead, end: boolean): void {
    const plan = this.#plan;
    this.#status = head.status;
    if (plan.isGrpc) this.#grpcStatus = grpcStatusOf(head.fields);
    // Counted first: at its end a server codec may cancel what is left of the request. A tunnel counts by its head.
    if (end || opensTunnel(plan.head, head.status)) this.#finish('');
    this.#response.responseHead(plan.isUpgraded ? announceVersion(head) : head, end);
  }

  responseData(chunk: Buffer, end: boolean): void {
    this.#plan.series.route.responseFrames.observe(chunk.length);
    if (end && !this.#done) this.#finish('');
    this.#response.responseData(chunk, end);
  }

  responseTrailers(fields: readonly Field[]): void {
    if (this.#plan.isGrpc) this.#grpcStatus = grpcStatusOf(fields);
    this.#finish('');
    this.#response.responseTrailers(fields);
  }

  requestCredit(bytes: number): void {
    this.#uncreditedBytes -= bytes;
    this.#response.requestCredit(bytes);
  }

  responseFailed(failure: StreamFailure): void {
    const { head } = this.#plan;
    if (this.#done) {
      if (opensTunnel(head, this.#status)) this.#response.responseFailed(failure);
      return;
    }
    if (this.#status !== 0) this.#breakOff(failure);
    else if (failure.kind === 'reset' && head.version === VERSION.http2) {
      this.#finish(responseErrorOf(failure));
      this.#response.responseFailed(failure);
    } else this.#answer(this.#explain(failure), failure.unprocessed);
  }

  #explain({ kind, message }: StreamFailure): ProxyError {
    const error = kind === 'connect-timeout' ? connectTimedOut(message) : connectFailed(message);
    return withContext(error, this.#plan.scope.errorContext);
  }

  /** The response had begun: gRPC is told why by trailers, the others that it is not whole. */
  #breakOff(failure: StreamFailure): void {
    if (!this.#plan.isGrpc || failure.kind !== 'io') {
      this.#finish(responseErrorOf(failure));
      this.#response.responseFailed(failure);
      return;
    }
    const error = this.#explain(failure);
    this.#finish(responseErrorOf(failure));
    this.#response.responseTrailers(buildErrorTrailers(error, this.#plan.scope.emitsErrors));
  }

  #answer(error: ProxyError, unprocessed: boolean): void {
    const plan = this.#plan;
    plan.scope.countError(error);
    const head = buildErrorHead(error, { isGrpc: plan.isGrpc, emit: plan.scope.emitsErrors, unprocessed });
    if (plan.isGrpc) this.#grpcStatus = String(error.grpcStatus);
    this.#status = head.status;
    this.#finish('');
    // An upgraded connection carries the requests of many clients: one failed app connection must not end it.
    if (error.close && !plan.isUpgraded) this.#response.closeAfter();
    this.#response.responseHead(head, true);
    this.#answered = true;
    this.#dropBody();
  }

  /** What is thrown away is credited all the same: the connection's other uploads go on. */
  #dropBody(): void {
    if (this.#uncreditedBytes > 0) this.requestCredit(this.#uncreditedBytes);
  }

  #finish(error: string): void {
    this.#done = true;
    this.#plan.scope.inFlight.count--;
    const { isGrpc } = this.#plan;
    const { http, route } = this.#plan.series;
    const now = performance.now();
    const latencyMs = now - this.#startMs;
    route.requestSeconds.observe(latencyMs / 1000);
    route.responseSeconds.observe(this.#requestEndMs === 0 ? 0 : (now - this.#requestEndMs) / 1000);
    if (!isGrpc && error === '' && this.#status !== 0) {
      route.statuses.countPlain(this.#status);
      const response = http.plain(this.#status);
      response.total.value++;
      response.latencyMs.observe(latencyMs);
      return;
    }
    const outcome = outcomeOf({ status: this.#status, isGrpc, grpcStatus: this.#grpcStatus, error });
    route.statuses.count(outcome, error);
    // The client has gone before there was a response: the app did nothing wrong.
    if (this.#status === 0 && error === '') return;
    const response = http.of(outcome);
    response.total.inc();
    response.latencyMs.observe(latencyMs);
  }
}
