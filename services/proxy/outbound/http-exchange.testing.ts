import type { RequestSink, ResponseSink, ServerResponse, StreamFailure } from '../http/exchange.ts';
import { Field } from '../http/field.ts';
import { RequestHead, type RequestHeadInit, ResponseHead, VERSION } from '../http/head.ts';
import { BalancerSeries } from '../metrics/balancer-series.ts';
import { HttpSeries } from '../metrics/http-series.ts';
import { Balancer } from './balance/balancer.ts';
import { PeakEwma } from './balance/peak-ewma.ts';
import type { Readiness } from './balance/readiness.ts';
import type { HttpLease } from './balancer-cache.ts';
import type { Backend } from './client-policy.ts';
import { createTestContext, endpointAt, serviceMeta } from './dispatch.testing.ts';
import type { OutboundContext } from './dispatch-context.ts';
import type { Endpoint } from './endpoint.ts';
import type { HttpEndpoint } from './http-endpoint.ts';

/** The outbound way with scripted endpoints in the place of connections. */

export function requestOf(
  changes: Partial<RequestHeadInit> & { headers?: Record<string, string> } = {},
): RequestHead {
  const { headers = {}, ...rest } = changes;
  return new RequestHead({
    method: 'GET',
    scheme: 'http',
    authority: 'web.shop:80',
    path: '/',
    version: VERSION.http11,
    fields: fieldsOf(headers),
    bodyLength: 0,
    absoluteForm: false,
    upgrade: '',
    repeated: false,
    ...rest,
  });
}

export function responseOf(status: number, headers: Record<string, string> = {}): ResponseHead {
  return new ResponseHead({
    status,
    version: VERSION.http11,
    fields: fieldsOf(headers),
    bodyLength: -1,
    repeated: false,
  });
}

export function fieldsOf(headers: Record<string, string>): Field[] {
  return Object.entries(headers).map(([name, value]) => new Field(name, value));
}

export const headersOf = ({ fields }: { readonly fields: readonly Field[] }): Record<string, string> =>
  Object.fromEntries(fields.map(({ name, value }) => [name, value]));

/** One request as an endpoint gets it. */
export class Call implements RequestSink {
  readonly head: RequestHead;
  readonly end: boolean;
  readonly response: ResponseSink;
  readonly log: string[] = [];

  constructor(head: RequestHead, end: boolean, response: ResponseSink) {
    this.head = head;
    this.end = end;
    this.response = response;
  }
  requestData(chunk: Buffer, end: boolean): void {
    this.log.push(`data ${chunk}${end ? ' end' : ''}`);
  }
  requestTrailers(fields: readonly Field[]): void {
    this.log.push(`trailers ${fields.map(({ name }) => name)}`);
  }
  requestCancelled(code: number): void {
    this.log.push(`cancelled ${code}`);
  }
  responseCredit(bytes: number): void {
    this.log.push(`credit ${bytes}`);
  }
}

export class FakeEndpoint {
  readonly endpoint: Endpoint;
  readonly serverId: string | undefined;
  readonly http: HttpSeries;
  readonly ewma: PeakEwma;
  readonly isLazy = false;
  upgrades = false;
  readiness: Readiness = 'idle';
  pauses = 0;
  readonly calls: Call[] = [];
  /** What happens within the call of `request`. */
  onRequest: ((call: Call) => void) | undefined;
  readonly #onReadiness: () => void;

  constructor(endpoint: Endpoint, context: OutboundContext, onReadiness: () => void) {
    this.endpoint = endpoint;
    this.serverId = endpoint.tls?.serverId;
    this.http = new HttpSeries(context.families, { target_ip: endpoint.address.host });
    this.ewma = new PeakEwma({ defaultRttMs: 30, decayMs: 10_000 }, context.clock.monotonic());
    this.#onReadiness = onReadiness;
  }
  get call(): Call {
    return this.calls.at(-1)!;
  }
  load(nowMs: number): number {
    return this.ewma.load(nowMs);
  }
  activate(): void {}
  become(readiness: Readiness): void {
    this.readiness = readiness;
    this.#onReadiness();
  }
  pause(): void {
    this.pauses++;
    this.become('backoff');
  }
  drain(): void {}
  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    const call = new Call(head, end, response);
    this.calls.push(call);
    this.onRequest?.(call);
    return call;
  }
}

/** What a server codec would send. Calls after the end are recorded too, for a test to find. */
export class Client implements ServerResponse {
  readonly log: string[] = [];
  head: ResponseHead | undefined;
  credited = 0;
  onEnd: (() => void) | undefined;

  closeAfter(): void {
    this.log.push('close');
  }
  responseHead(head: ResponseHead, end: boolean): void {
    this.head = head;
    this.#record(`${head.status}`, end);
  }
  responseData(chunk: Buffer, end: boolean): void {
    this.#record(`data ${chunk}`, end);
  }
  responseTrailers(fields: readonly Field[]): void {
    this.#record(`trailers ${fields.map(({ name }) => name)}`, true);
  }
  responseFailed(failure: StreamFailure): void {
    this.log.push(`failed ${failure.kind}`);
  }
  requestCredit(bytes: number): void {
    this.credited += bytes;
  }
  #record(what: string, end: boolean): void {
    this.log.push(end ? `${what} end` : what);
    if (end) this.onEnd?.();
  }
}

export interface FakeBackend {
  readonly lease: HttpLease;
  readonly endpoints: readonly FakeEndpoint[];
  released: number;
}

/** A balancer over scripted endpoints, all ready. */
export function createFakeBackend(context: OutboundContext, endpoints: readonly Endpoint[]): FakeBackend {
  const made: FakeEndpoint[] = [];
  const balancer = new Balancer<FakeEndpoint>({
    config: context.config,
    clock: context.clock,
    random: context.random,
    series: new BalancerSeries(context.families.httpBalancer, {}),
    createEndpoint(endpoint, onReadiness) {
      const created = new FakeEndpoint(endpoint, context, onReadiness);
      made.push(created);
      return created;
    },
  });
  balancer.update({ kind: 'reset', endpoints });
  for (const endpoint of made) endpoint.become('ready');
  const backend: FakeBackend = {
    // The exchange asks of an endpoint what is above, and nothing of its connections.
    lease: { balancer: balancer as unknown as Balancer<HttpEndpoint>, release: () => backend.released++ },
    endpoints: made,
    released: 0,
  };
  return backend;
}

export function balancedBackend(name: string): Backend {
  const load = { defaultRttMs: 30, decayMs: 10_000 };
  return {
    meta: serviceMeta(name),
    dispatcher: { kind: 'balancer', path: `${name}.shop.svc.cluster.local:80`, load },
  };
}

export { createTestContext, endpointAt };
