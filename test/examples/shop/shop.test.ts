import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callHttp } from './http-client.ts';
import { type StartedProgram, startProgram } from './started-program.ts';

const started: StartedProgram[] = [];
let store: StartedProgram;
let web: StartedProgram;
let storeAddress = '';

async function start(name: string, env: Record<string, string> = {}): Promise<StartedProgram> {
  const program = await startProgram(name, env);
  started.push(program);
  return program;
}

function addressOf(program: StartedProgram): string {
  return `127.0.0.1:${program.port}`;
}

/** A call to one of the programs, with a JSON answer. */
async function call(
  program: StartedProgram,
  path: string,
  options: { headers?: Record<string, string>; body?: unknown } = {},
) {
  const { headers = {}, body } = options;
  const method = body === undefined ? 'GET' : 'POST';
  return callHttp({ address: { host: '127.0.0.1', port: program.port }, path, method, headers, body });
}

beforeAll(async () => {
  store = await start('store');
  storeAddress = addressOf(store);
  const catalog = await start('catalog', { STORE_ADDR: storeAddress, VERSION: 'v2' });
  const cart = await start('cart', { STORE_ADDR: storeAddress });
  web = await start('web', { CATALOG_ADDR: addressOf(catalog), CART_ADDR: addressOf(cart) });
});

afterAll(async () => {
  const codes = await Promise.all(started.map((program) => program.stop()));
  expect(codes).toEqual(codes.map(() => 0));
});

describe('the shop on loopback, without a mesh', () => {
  it('answers from the catalog and the cart', async () => {
    const answer = await call(web, '/');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      service: 'web',
      client: null,
      catalog: {
        service: 'catalog',
        version: 'v2',
        products: [{ name: 'tea' }, { name: 'honey' }, { name: 'bread' }],
      },
      cart: { user: 'ann', items: 0 },
    });
  });

  it('keeps an order in the store, seen through the cart and the catalog', async () => {
    const order = await call(web, '/cart', { body: { user: 'bob', product: 'honey', count: 3 } });
    expect(order.body).toMatchObject({ cart: { user: 'bob', items: 3 } });
    const shop = await call(web, '/');
    expect(shop.body).toMatchObject({ catalog: { products: [{}, { name: 'honey', sold: 3 }, {}] } });
  });

  it('hands marker, request id and trace on to every service', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'x-shop-marker': 'm-1', 'x-request-id': 'r-1', traceparent };
    const answer = await call(web, '/', { headers });
    const body = {
      marker: 'm-1',
      requestId: 'r-1',
      traceparent,
      catalog: { marker: 'm-1' },
      cart: { marker: 'm-1' },
    };
    expect(answer.body).toMatchObject(body);
    expect(store.lines).toContain('store: request with x-shop-marker: m-1');
    expect(web.lines).toContain('web: request with x-shop-marker: m-1');
  });

  it('shows the client identity that the mesh would set', async () => {
    const headers = { 'l5d-client-id': 'traffic.shop.serviceaccount.identity.linkerd.cluster.local' };
    expect((await call(web, '/', { headers })).body).toMatchObject({ client: headers['l5d-client-id'] });
  });

  it('answers probes', async () => {
    expect((await call(web, '/healthz')).status).toBe(200);
  });

  it('generates traffic, over kept and over new connections, and counts it', async () => {
    const traffic = await start('traffic', {
      WEB_ADDR: addressOf(web),
      RATE: '100',
      NEW_CONNECTION_SHARE: '0.5',
    });
    await sleep(1_000);
    const { body } = (await call(traffic, '/')) as { body: Record<string, number> };
    expect(body).toMatchObject({ failed: 0, failures: {}, heldBack: 0 });
    expect(body['ok']).toBeGreaterThan(50);
    expect(body['newConnections']).toBeGreaterThanOrEqual((body['ok'] ?? 0) / 2);
    expect(body['newConnections']).toBeLessThan((body['ok'] ?? 0) - 10);
    await traffic.stop();
  });

  it('fails the share of calls it is told to fail', async () => {
    const flaky = await start('catalog', { STORE_ADDR: storeAddress, FAILURE_RATE: '0.25' });
    const statuses: number[] = [];
    for (let index = 0; index < 8; index += 1) statuses.push((await call(flaky, '/products')).status);
    expect(statuses.filter((status) => status === 500)).toHaveLength(2);
    expect((await call(flaky, '/healthz')).status).toBe(200);
  });

  it('counts a dead shop as failures, and says why', async () => {
    const traffic = await start('traffic', { WEB_ADDR: '127.0.0.1:1', RATE: '50' });
    await sleep(300);
    const { body } = (await call(traffic, '/')) as { body: { ok: number; failures: Record<string, number> } };
    expect(body.ok).toBe(0);
    expect(body.failures['ECONNREFUSED']).toBeGreaterThan(0);
    await traffic.stop();
  });
});

describe('the store', () => {
  it('speaks first', async () => {
    const socket = connect(store.port, '127.0.0.1');
    const banner = await new Promise<string>((resolve) =>
      socket.once('data', (bytes) => resolve(bytes.toString())),
    );
    expect(banner).toBe('SHOP-STORE 1 ready\r\n');
    socket.destroy();
  });

  it('outlives a client that resets its connection', async () => {
    const socket = connect(store.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
    expect((await call(web, '/')).status).toBe(200);
  });

  it('is found again by its clients after it was away', async () => {
    const first = await start('store');
    const catalog = await start('catalog', { STORE_ADDR: addressOf(first) });
    expect((await call(catalog, '/products')).status).toBe(200);
    await first.stop();
    expect((await call(catalog, '/products')).body).toMatchObject({
      error: expect.stringContaining('store'),
    });
    await start('store', { PORT: String(first.port) });
    expect((await call(catalog, '/products')).status).toBe(200);
  });
});
