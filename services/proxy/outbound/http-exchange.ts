import { HEADER } from '../contract.ts';
import {
  buildErrorHead,
  buildErrorTrailers,
  connectFailed,
  connectTimedOut,
  failFast,
  loadShed,
  type ProxyError,
  requiredIdMismatch,
  upgradedReset,
  withContext,
} from '../errors.ts';
import type { RequestSink, ResponseSink, ServerResponse, StreamFailure } from '../http/exchange.ts';
import { H2_ERROR } from '../http/exchange.ts';
import type { Field } from '../http/field.ts';
import { grpcStatusOf } from '../http/grpc.ts';
import { fieldValue, opensTunnel, type RequestHead, type ResponseHead, VERSION } from '../http/head.ts';
import { type Outcome, outcomeOf, responseErrorOf } from '../metrics/outcome.ts';
import type { StreamError } from '../metrics/route-series.ts';
import { formatAddress } from '../transport/address.ts';
import type { Waiting } from './balance/balancer.ts';
import type { OutboundContext } from './dispatch-context.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { cleanResponse } from './request-heads.ts';
import type { RoutePlan } from './route/route-plan.ts';

const APP_UNREACHABLE: StreamFailure = {
  kind: 'connect',
  code: 0,
  message: 'the app cannot be reached',
  unprocessed: true,
};

/** How an attempt counts that came to nothing and was made again elsewhere. */
const UNPROCESSED: Outcome = { status: 0, success: false, grpcStatus: '', error: 'h2(REFUSED_STREAM)' };

/** How often a request that a peer certainly did not process is sent again. */
const MAX_ATTEMPTS = 3;

/**
 * One outbound request on its way: waits for an endpoint, passes both directions on, counts, and answers for itself
 * when no endpoint does.
 */
export class OutboundExchange implements RequestSink, ResponseSink, Waiting<HttpEndpoint> {
  isCancelled = false;
  readonly #context: OutboundContext;
  readonly #plan: RoutePlan;
  readonly #head: RequestHead;
  readonly #response: ServerResponse;
  readonly #startMs: number;
  #requestEndMs = 0;
  #endpoint: HttpEndpoint | undefined;
  #upstream: RequestSink | undefined;
  /** Body that came before an endpoint was chosen; the client has no credit for more than a window of it. */
  #held: Buffer[] | undefined;
  #heldTrailers: readonly Field[] | undefined;
  #requestEnded: boolean;
  #bodySent = false;
  /** Body bytes taken that nobody has credited yet. */
  #uncreditedBytes = 0;
  #attempts = 0;
  #status = 0;
  #grpcStatus = '';
  #sampled = false;
  #done = false;

  constructor(
    context: OutboundContext,
    plan: RoutePlan,
    request: { head: RequestHead; end: boolean; response: ServerResponse },
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#head = request.head;
    this.#requestEnded = request.end;
    this.#response = request.response;
    this.#startMs = context.clock.monotonic();
    if (request.end) this.#requestEndMs = this.#startMs;
    plan.backend.series.requests.value++;
    context.inFlight.count++;
  }

  /** Called by the balancer with the endpoint it chose. */
  dispatch(endpoint: HttpEndpoint): void {
    const plan = this.#plan;
    const { requiredId } = plan;
    if (requiredId !== undefined && endpoint.serverId !== requiredId) {
      this.#answer(requiredIdMismatch(requiredId, endpoint.serverId), 'UNKNOWN');
      return;
    }
    const attempt = ++this.#attempts;
    this.#endpoint = endpoint;
    endpoint.ewma.inFlight++;
    endpoint.http.requests.value++;
    this.#sampled = false;
    const held = this.#held;
    const end = this.#requestEnded && held === undefined && this.#heldTrailers === undefined;
    const upstream = endpoint.request(
      endpoint.upgrades && !plan.wantsTunnel ? plan.upgradedHead() : plan.head,
      end,
      this,
    );
    // It may have failed, and have gone elsewhere, in that call.
    if (this.#done || this.#attempts !== attempt || this.#endpoint !== endpoint) return;
    this.#upstream = upstream;
    if (held !== undefined || this.#heldTrailers !== undefined) this.#sendHeld(upstream);
  }

  #sendHeld(upstream: RequestSink): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#bodySent = true;
    const trailers = this.#heldTrailers;
    for (const [index, chunk] of held.entries()) {
      upstream.requestData(chunk, this.#requestEnded && trailers === undefined && index === held.length - 1);
    }
    if (trailers !== undefined) upstream.requestTrailers(trailers);
  }

  failFast(reason: string | undefined): void {
    this.#answer(withContext(failFast(reason), this.#plan.context), 'FAIL_FAST');
  }

  shed(reason: string | undefined): void {
    this.#answer(withContext(loadShed(reason), this.#plan.context), 'LOAD_SHED');
  }

  // From the app.

  requestData(chunk: Buffer, end: boolean): void {
    this.#plan.series.requestFrames.observe(chunk.length);
    if (end) this.#endRequest();
    this.#uncreditedBytes += chunk.length;
    if (this.#upstream !== undefined) {
      this.#bodySent = true;
      this.#upstream.requestData(chunk, end);
    } else if (this.#done) {
      this.#dropBody();
    } else {
      this.#held ??= [];
      this.#held.push(Buffer.from(chunk));
    }
  }

  requestTrailers(fields: readonly Field[]): void {
    this.#endRequest();
    if (this.#upstream !== undefined) {
      this.#bodySent = true;
      this.#upstream.requestTrailers(fields);
    } else this.#heldTrailers = fields;
  }

  #endRequest(): void {
    this.#requestEnded = true;
    this.#requestEndMs = this.#context.clock.monotonic();
  }

  requestCancelled(code: number): void {
    this.isCancelled = true;
    this.#upstream?.requestCancelled(code);
    if (!this.#done) this.#finish('CANCEL', '');
  }

  responseCredit(bytes: number): void {
    this.#upstream?.responseCredit(bytes);
  }

  // From the endpoint.

  responseInterim(head: ResponseHead): void {
    this.#response.responseInterim?.(head);
  }

  responseHead(head: ResponseHead, end: boolean): void {
    if (end && this.#isRefusedByProxy(head) && this.#mayRetry(APP_UNREACHABLE)) {
      this.#endpoint?.pause();
      if (!this.#requestEnded) this.#upstream?.requestCancelled(H2_ERROR.cancel);
      this.#sendElsewhere();
      return;
    }
    this.#status = head.status;
    if (this.#plan.isGrpc) this.#grpcStatus = grpcStatusOf(head.fields);
    if (head.status >= 400 || (end && this.#plan.isGrpc)) this.#logPeerError(head);
    if (this.#plan.backend.isForward) this.#heedPeer(head);
    // Counted first: at its end a server codec may cancel what is left of the request. A tunnel counts by its head.
    if (end || opensTunnel(this.#head, head.status)) this.#complete();
    this.#response.responseHead(cleanResponse(head), end);
  }

  /** What a peer's proxy says of an error is for operators, not for the app. */
  #logPeerError(head: ResponseHead): void {
    const error = fieldValue(head.fields, HEADER.proxyError);
    if (error !== undefined) this.#context.log.info('Remote proxy error', { error });
  }

  /** A peer's proxy that is the only one to ask may want what it did, a close, done to the app's connection too. */
  #heedPeer(head: ResponseHead): void {
    if (this.#endpoint?.serverId === undefined) return;
    if (fieldValue(head.fields, HEADER.proxyConnection) === 'close') this.#response.closeAfter();
  }

  responseData(chunk: Buffer, end: boolean): void {
    if (!this.#sampled) this.#sample();
    this.#plan.backend.series.frames.observe(chunk.length);
    if (end && !this.#done) this.#finish('', '');
    this.#response.responseData(chunk, end);
  }

  responseTrailers(fields: readonly Field[]): void {
    if (this.#plan.isGrpc) this.#grpcStatus = grpcStatusOf(fields);
    this.#complete();
    this.#response.responseTrailers(fields);
  }

  #complete(): void {
    if (!this.#sampled) this.#sample();
    this.#finish('', '');
  }

  requestCredit(bytes: number): void {
    this.#uncreditedBytes -= bytes;
    this.#response.requestCredit(bytes);
  }

  responseFailed(failure: StreamFailure): void {
    if (this.#done) {
      if (opensTunnel(this.#head, this.#status)) this.#response.responseFailed(failure);
      return;
    }
    if (this.#mayRetry(failure)) this.#sendElsewhere();
    else if (this.#status !== 0) this.#breakOff(failure);
    else if (failure.kind === 'reset' && this.#head.version === VERSION.http2) {
      this.#finish(streamErrorOf(failure), responseErrorOf(failure));
      this.#response.responseFailed(failure);
    } else this.#answer(this.#explain(failure), '');
  }

  /** The response had begun: gRPC is told why by trailers, the others that it is not whole. */
  #breakOff(failure: StreamFailure): void {
    if (!this.#plan.isGrpc || failure.kind !== 'io') {
      this.#finish(streamErrorOf(failure), responseErrorOf(failure));
      this.#response.responseFailed(failure);
      return;
    }
    const error = this.#explain(failure);
    this.#finish(streamErrorOf(failure), responseErrorOf(failure));
    this.#response.responseTrailers(buildErrorTrailers(error, this.#context.informationalHeaders));
  }

  /** The peer's proxy says that its app is not there and that nothing was done. */
  #isRefusedByProxy(head: ResponseHead): boolean {
    return (
      (head.status === 502 || head.status === 504 || this.#plan.isGrpc) &&
      fieldValue(head.fields, HEADER.unprocessed) !== undefined
    );
  }

  #sendElsewhere(): void {
    this.#endpoint?.http.of(UNPROCESSED).total.inc();
    this.#plan.backend.series.statuses.count(UNPROCESSED, 'REFUSED');
    this.#plan.backend.series.requests.value++;
    this.#leaveEndpoint();
    this.#upstream = undefined;
    this.#plan.backend.balancer.dispatch(this);
  }

  /** Nothing was processed, nothing of a body is lost, and there is somewhere else to go. */
  #mayRetry(failure: StreamFailure): boolean {
    if (!failure.unprocessed || this.#bodySent || this.#status !== 0 || this.#attempts >= MAX_ATTEMPTS)
      return false;
    if (failure.kind === 'goaway' || failure.kind === 'io') return true;
    return this.#endpoint !== undefined && this.#plan.backend.balancer.isReadyBeside(this.#endpoint);
  }

  #explain(failure: StreamFailure): ProxyError {
    const address = this.#endpoint === undefined ? '' : formatAddress(this.#endpoint.endpoint.address);
    const context = `${this.#plan.context}: endpoint ${address}`;
    if (failure.kind === 'connect-timeout') return withContext(connectTimedOut(failure.message), context);
    if (failure.kind === 'reset' && this.#endpoint?.upgrades === true) {
      return upgradedReset(failure.message);
    }
    return withContext(connectFailed(failure.message), context);
  }

  /**
   * Answers in the endpoint's place. A failed connection counts by the answer, as if the endpoint had given it; an
   * error of the proxy's own, which `streamError` names, as no response.
   */
  #answer(error: ProxyError, streamError: StreamError): void {
    if (this.#done) return;
    const { informationalHeaders, families } = this.#context;
    if (error.metric !== undefined) families.outboundHttpErrors.with({ error: error.metric }).inc();
    const head = buildErrorHead(error, { isGrpc: this.#plan.isGrpc, emit: informationalHeaders });
    if (streamError === '') {
      if (this.#plan.isGrpc) this.#grpcStatus = String(error.grpcStatus);
      this.#status = head.status;
    }
    this.#finish(streamError, '');
    this.#upstream = undefined;
    if (error.close) this.#response.closeAfter();
    this.#response.responseHead(head, true);
    this.#dropBody();
  }

  /** What is thrown away, here or by a connection that failed, is credited all the same: an upload goes on. */
  #dropBody(): void {
    this.#held = undefined;
    if (this.#uncreditedBytes > 0) this.requestCredit(this.#uncreditedBytes);
  }

  #sample(): void {
    this.#sampled = true;
    const now = this.#context.clock.monotonic();
    this.#endpoint?.ewma.observe(now - this.#startMs, now);
  }

  #leaveEndpoint(): void {
    if (this.#endpoint === undefined) return;
    this.#endpoint.ewma.inFlight--;
    this.#endpoint = undefined;
  }

  #finish(streamError: StreamError, error: string): void {
    this.#done = true;
    this.#context.inFlight.count--;
    const now = this.#context.clock.monotonic();
    const plan = this.#plan;
    const endpoint = this.#endpoint;
    const sinceStart = now - this.#startMs;
    const sinceRequest = this.#requestEndMs === 0 ? 0 : now - this.#requestEndMs;
    plan.series.requestSeconds.observe(sinceStart / 1000);
    plan.backend.series.seconds.observe(sinceRequest / 1000);
    if (!plan.isGrpc && streamError === '') {
      plan.series.statuses.countPlain(this.#status);
      plan.backend.series.statuses.countPlain(this.#status);
      if (endpoint !== undefined) {
        const response = endpoint.http.plain(this.#status);
        response.total.value++;
        response.latencyMs.observe(sinceStart);
      }
    } else this.#finishSlow(streamError, error, sinceStart);
    this.#leaveEndpoint();
  }

  #finishSlow(streamError: StreamError, error: string, sinceStart: number): void {
    const { isGrpc } = this.#plan;
    const outcome = outcomeOf({ status: this.#status, isGrpc, grpcStatus: this.#grpcStatus, error });
    this.#plan.series.statuses.count(outcome, streamError);
    this.#plan.backend.series.statuses.count(outcome, streamError);
    // The app has gone before there was a response: the endpoint did nothing wrong.
    if (this.#status === 0 && error === '') return;
    const response = this.#endpoint?.http.of(outcome);
    response?.total.inc();
    response?.latencyMs.observe(sinceStart);
  }
}

function streamErrorOf(failure: StreamFailure): StreamError {
  if (failure.kind === 'goaway') return 'GO_AWAY';
  if (failure.kind !== 'reset') return 'IO';
  if (failure.code === H2_ERROR.cancel) return 'CANCEL';
  if (failure.code === H2_ERROR.enhanceYourCalm) return 'ENHANCE_YOUR_CALM';
  return failure.code === H2_ERROR.refusedStream ? 'REFUSED' : 'RESET';
}
