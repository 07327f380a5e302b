/**
 * The shop's front: `GET /` shows the catalog and a cart, `POST /cart {user, product, count}` puts something into one.
 * It answers with the identities the mesh vouched for on each hop, and with the marker of the request.
 */
import { createCartClient } from './cart-client.ts';
import { environment, readAddress, readNumber } from './config.ts';
import { createFaults } from './faults.ts';
import { callHttp, createKeepAliveAgent } from './http-client.ts';
import { type Answer, type Call, closeHttpService, closeOnSignal, startHttpService } from './http-server.ts';
import { MARKER_HEADER } from './propagation.ts';

const catalog = readAddress(environment, 'CATALOG_ADDR');
const agent = createKeepAliveAgent(64);
const cart = createCartClient(readAddress(environment, 'CART_ADDR'));

interface Order {
  readonly user?: string;
  readonly product?: string;
  readonly count?: number;
}

function describeCall(call: Call): Record<string, unknown> {
  return {
    service: 'web',
    client: call.clientId,
    marker: call.propagated[MARKER_HEADER] ?? null,
    requestId: call.propagated['x-request-id'] ?? null,
    traceparent: call.propagated['traceparent'] ?? null,
  };
}

async function showShop(call: Call): Promise<Answer> {
  const [products, items] = await Promise.all([
    callHttp({ address: catalog, path: '/products', headers: call.propagated, agent }),
    cart.get({ user: 'ann' }, call.propagated),
  ]);
  const body = { ...describeCall(call), catalog: products.body, cart: items };
  return { status: products.status === 200 ? 200 : 502, body };
}

async function takeOrder(call: Call): Promise<Answer> {
  const { user = 'ann', product = 'tea', count = 1 } = (await call.readJson()) as Order;
  const items = await cart.add({ user, product, count }, call.propagated);
  return { status: 200, body: { ...describeCall(call), cart: items } };
}

const server = await startHttpService({
  name: 'web',
  port: readNumber(environment, 'PORT', 8080),
  faults: createFaults(environment),
  answer: (call) => {
    if (call.path === '/' && call.method === 'GET') return showShop(call);
    if (call.path === '/cart' && call.method === 'POST') return takeOrder(call);
    return { status: 404, body: { error: `no such path: ${call.method} ${call.path}` } };
  },
});

closeOnSignal(async () => {
  await closeHttpService(server);
  agent.destroy();
  cart.close();
});
