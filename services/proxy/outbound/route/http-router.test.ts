import { describe, expect, it } from 'vitest';
import { serviceMeta } from '../dispatch.testing.ts';
import { balancedBackend, Client, endpointAt, headersOf, requestOf } from '../http-exchange.testing.ts';
import { createTestRouter } from './router.testing.ts';

const TLS = { serverId: 'web.shop', serverName: 'web.shop' };

describe('routing', () => {
  it('answers 404 without a route, 503 for an empty distribution, and what a failed rule says', () => {
    const { createRouter, send } = createTestRouter();
    const router = createRouter([
      {
        matches: [{ path: { kind: 'prefix', value: '/empty' }, headers: [], queryParams: [] }],
        distribution: { kind: 'empty' },
      },
      {
        matches: [{ path: { kind: 'prefix', value: '/teapot' }, headers: [], queryParams: [] }],
        failure: { status: 418, message: 'short and stout' },
      },
      {
        matches: [{ path: { kind: 'prefix', value: '/lost' }, headers: [], queryParams: [] }],
        distribution: {
          kind: 'first-available',
          backends: [{ meta: serviceMeta('lost'), dispatcher: { kind: 'fail' } }],
        },
      },
    ]);
    const answerOf = (path: string) => {
      const { client } = send({ path }, true, router);
      return [client.log.join(), headersOf(client.head!)['l5d-proxy-error']];
    };
    expect(answerOf('/')).toEqual(['404 end', 'no route']);
    expect(answerOf('/empty')).toEqual(['close,503 end', 'service unavailable']);
    expect(answerOf('/teapot')).toEqual(['418 end', 'short and stout']);
    expect(answerOf('/lost')).toEqual(['close,502 end', 'backend for Service shop/lost has no dispatcher']);
  });

  it('remembers the plan of a repeated head, for this router only', () => {
    const { createRouter, backends, endpoint } = createTestRouter();
    const [first, second] = [createRouter(), createRouter()];
    const head = requestOf({ repeated: true });
    for (const router of [first, first, second, first]) router.handle(head, true, new Client());
    expect(head.memoOwner).toBe(first);
    const heads = endpoint().calls.map(({ head }) => head);
    expect(heads[0]).toBe(heads[1]);
    first.close();
    expect(backends.get('web')!.released).toBe(1);
  });

  it('spreads by weight over what is ready; a weight of 0 gets nothing', () => {
    const backendsOf = (weights: Record<string, number>) => ({
      kind: 'random-available' as const,
      backends: Object.entries(weights).map(([name, weight]) => ({ backend: balancedBackend(name), weight })),
    });
    const { send, of } = createTestRouter({ rule: { distribution: backendsOf({ a: 90, b: 10, none: 0 }) } });
    for (let i = 0; i < 2000; i++) send({ repeated: true });
    expect(of('a')[0]!.calls.length / 2000).toBeCloseTo(0.9, 1);
    expect(of('a')[0]!.calls.length + of('b')[0]!.calls.length).toBe(2000);
    of('a')[0]!.become('connecting');
    send();
    expect(of('b')[0]!.calls.length + of('a')[0]!.calls.length).toBe(2001);
  });

  it('takes the first that is ready where the order decides, also before one that always fails', () => {
    const failing = { meta: serviceMeta('lost'), dispatcher: { kind: 'fail' } } as const;
    const { send, of } = createTestRouter({
      rule: {
        distribution: {
          kind: 'first-available',
          backends: [balancedBackend('a'), balancedBackend('b'), failing],
        },
      },
    });
    send();
    expect(of('a')[0]!.calls).toHaveLength(1);
    of('a')[0]!.become('connecting');
    send();
    expect(of('b')[0]!.calls).toHaveLength(1);
    of('b')[0]!.become('connecting');
    const { client } = send();
    expect(client.log).toEqual(['close', '502 end']);
  });
});

describe('l5d-require-id', () => {
  it('is held against every endpoint, balanced or not', () => {
    const { send, endpoint, samples } = createTestRouter({
      endpoints: [endpointAt('10.1.0.1', { tls: TLS })],
    });
    send({ headers: { 'l5d-require-id': 'web.shop' } });
    expect(endpoint().calls).toHaveLength(1);
    const { client } = send({ headers: { 'l5d-require-id': 'other.shop' } });
    expect(endpoint().calls).toHaveLength(1);
    expect(client.log).toEqual(['close', '502 end']);
    expect(headersOf(client.head!)['l5d-proxy-error']).toBe('required id other.shop, found web.shop');
    expect(samples('outbound_http_errors_total')).toEqual({ 'error="identity required"': 1 });
  });

  it('refuses an endpoint without identity, also by a remembered plan', () => {
    const { createRouter, endpoint } = createTestRouter();
    const router = createRouter();
    const head = requestOf({ repeated: true, headers: { 'l5d-require-id': 'web.shop' } });
    for (let i = 0; i < 2; i++) {
      const client = new Client();
      router.handle(head, true, client);
      expect(headersOf(client.head!)['l5d-proxy-error']).toBe('required id web.shop, found none');
    }
    expect(endpoint().calls).toEqual([]);
  });
});
