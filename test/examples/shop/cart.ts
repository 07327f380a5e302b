/** The cart: a gRPC service (cart.proto) that keeps its numbers in the store. Probes have an HTTP port of their own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { type AddRequest, type CartReply, cartService, type GetRequest } from './cart-api.ts';
import { environment, readAddress, readNumber } from './config.ts';
import { createFaults } from './faults.ts';
import { closeHttpService, closeOnSignal, startHttpService } from './http-server.ts';
import {
  CLIENT_ID_HEADER,
  createMarkerPrinter,
  MARKER_HEADER,
  type Propagated,
  pickPropagated,
} from './propagation.ts';
import { createStoreClient } from './store-client.ts';

const store = createStoreClient(readAddress(environment, 'STORE_ADDR'));
const faults = createFaults(environment);
const print = createMarkerPrinter('cart');

interface UnaryCall<Req> {
  readonly request: Req;
  readonly metadata: Metadata;
}
type Reply = (error: Partial<ServiceError> | null, reply?: CartReply) => void;
type CountItems<Req> = (request: Req, headers: Propagated) => Promise<number>;

/** Makes a gRPC handler of a function that answers how many items the user's cart holds. */
function handle<Req extends GetRequest>(
  countItems: CountItems<Req>,
): (call: UnaryCall<Req>, reply: Reply) => void {
  return (call, reply) => {
    const read = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
    const headers = pickPropagated(read);
    print(headers);
    answer(call.request, headers, countItems).then(
      (items) => {
        const marker = headers[MARKER_HEADER] ?? '';
        reply(null, { user: call.request.user, items, clientId: read(CLIENT_ID_HEADER) ?? '', marker });
      },
      (error: Error) => reply({ code: status.UNAVAILABLE, details: error.message }),
    );
  };
}

async function answer<Req>(request: Req, headers: Propagated, countItems: CountItems<Req>): Promise<number> {
  if (faults.delayMs > 0) await sleep(faults.delayMs);
  if (faults.nextFails()) throw new Error('fails on purpose (FAILURE_RATE)');
  return countItems(request, headers);
}

const server = new Server();
server.addService(cartService, {
  add: handle<AddRequest>(async ({ user, product, count }, headers) => {
    await store.add(`sold:${product}`, count, headers);
    return store.add(`cart:${user}`, count, headers);
  }),
  get: handle<GetRequest>(({ user }, headers) => store.get(`cart:${user}`, headers)),
});

const port = await new Promise<number>((resolve, reject) => {
  const bind = `0.0.0.0:${readNumber(environment, 'PORT', 9090)}`;
  server.bindAsync(bind, ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});
process.stdout.write(`cart: listening on port ${port}\n`);

const health = await startHttpService({
  name: 'cart health',
  port: readNumber(environment, 'HEALTH_PORT', 8081),
  answer: (call) => ({ status: 404, body: { error: `no such path: ${call.path}` } }),
});

closeOnSignal(async () => {
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await closeHttpService(health);
  store.close();
});
