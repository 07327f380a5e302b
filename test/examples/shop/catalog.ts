/** The catalog: what the shop sells, over HTTP/1.1. VERSION names the edition, so that two can run side by side. */
import { environment, readAddress, readNumber, readText } from './config.ts';
import { createFaults } from './faults.ts';
import { closeHttpService, closeOnSignal, startHttpService } from './http-server.ts';
import { MARKER_HEADER } from './propagation.ts';
import { createStoreClient } from './store-client.ts';

const PRODUCTS = ['tea', 'honey', 'bread'] as const;

const version = readText(environment, 'VERSION', 'v1');
const store = createStoreClient(readAddress(environment, 'STORE_ADDR'));

const server = await startHttpService({
  name: 'catalog',
  port: readNumber(environment, 'PORT', 8080),
  faults: createFaults(environment),
  answer: async (call) => {
    if (call.path !== '/products') return { status: 404, body: { error: `no such path: ${call.path}` } };
    const products = await Promise.all(
      PRODUCTS.map(async (name) => ({ name, sold: await store.get(`sold:${name}`, call.propagated) })),
    );
    const marker = call.propagated[MARKER_HEADER] ?? null;
    return { status: 200, body: { service: 'catalog', version, client: call.clientId, marker, products } };
  },
});

closeOnSignal(async () => {
  await closeHttpService(server);
  store.close();
});
