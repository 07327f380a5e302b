import { expect } from 'vitest';
import type { RequestSink } from '../../http/exchange.ts';
import type { OutboundRule } from '../client-policy.ts';
import { samplesOf, serviceMeta, totalOf } from '../dispatch.testing.ts';
import type { Endpoint } from '../endpoint.ts';
import {
  balancedBackend,
  Client,
  createFakeBackend,
  createTestContext,
  endpointAt,
  type FakeBackend,
  type FakeEndpoint,
  requestOf,
} from '../http-exchange.testing.ts';
import { HttpRouter } from './http-router.ts';

type Distribution = OutboundRule['distribution'];

/** A router with one route over scripted endpoints. */
export function createTestRouter(
  options: {
    endpoints?: readonly Endpoint[];
    informationalHeaders?: boolean;
    rule?: Partial<OutboundRule>;
    isGrpc?: boolean;
  } = {},
) {
  const { informationalHeaders = true, rule = {}, isGrpc = false } = options;
  const context = createTestContext({ informationalHeaders });
  const backends = new Map<string, FakeBackend>();
  const distribution: Distribution = { kind: 'first-available', backends: [balancedBackend('web')] };
  const createRouter = (rules: readonly Partial<OutboundRule>[] = [rule]) =>
    new HttpRouter({
      parent: serviceMeta('web'),
      policy: {
        isGrpc,
        failureAccrual: undefined,
        routes: [
          {
            meta: serviceMeta('route'),
            hosts: [],
            rules: rules.map((changes) => ({ matches: [], distribution, failure: undefined, ...changes })),
          },
        ],
      },
      version: 'http1',
      logical: '10.0.0.1:80',
      balancers: {
        leaseHttp({ backend }) {
          const name = backend.meta.name;
          const known = backends.get(name);
          const made = known ?? createFakeBackend(context, options.endpoints ?? [endpointAt('10.1.0.1')]);
          backends.set(name, made);
          return made.lease;
        },
      },
      context,
    });
  const router = createRouter();
  const send = (request: Parameters<typeof requestOf>[0] = {}, end = true, via = router) => {
    const client = new Client();
    const sink: RequestSink = via.handle(requestOf(request), end, client);
    return { client, sink };
  };
  const of = (name: string) => backends.get(name)!.endpoints;
  const endpoint = (index = 0): FakeEndpoint => of('web')[index]!;
  const samples = (metric: string) => samplesOf(context.families, metric);
  const total = (metric: string) => totalOf(context.families, metric);
  /** Every request is counted once where it ends, in each family; `responses` leaves out those whose client went. */
  const expectCounted = (requests: number, attempts = requests, responses = attempts) => {
    expect(total('request_total')).toBe(attempts);
    expect(total('response_total')).toBe(responses);
    const kind = total('outbound_grpc_route_request_statuses_total') > 0 ? 'grpc' : 'http';
    expect(total(`outbound_${kind}_route_request_statuses_total`)).toBe(requests);
    expect(total(`outbound_${kind}_route_request_duration_seconds_count`)).toBe(requests);
    expect(total(`outbound_${kind}_route_backend_requests_total`)).toBe(
      total(`outbound_${kind}_route_backend_response_statuses_total`),
    );
    for (const name of backends.keys()) for (const { ewma } of of(name)) expect(ewma.inFlight).toBe(0);
  };
  return { context, createRouter, backends, send, of, endpoint, samples, total, expectCounted };
}
