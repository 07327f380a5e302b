import { Client, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { type AddRequest, type CartReply, cartService, type GetRequest } from './cart-api.ts';
import type { Address } from './config.ts';
import type { Propagated } from './propagation.ts';

export interface CartClient {
  add(request: AddRequest, headers: Propagated): Promise<CartReply>;
  get(request: GetRequest, headers: Propagated): Promise<CartReply>;
  close(): void;
}

const CALL_TIMEOUT_MS = 2_000;

/** A client of the cart over one HTTP/2 connection. */
export function createCartClient({ host, port }: Address): CartClient {
  const client = new Client(`dns:///${host}:${port}`, credentials.createInsecure(), {
    // Without these it asks DNS for TXT records, and waits up to two minutes to dial a dead cart again.
    'grpc.service_config_disable_resolution': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
  });
  return {
    add: (request, headers) => callUnary(client, cartService.add, { request, headers }),
    get: (request, headers) => callUnary(client, cartService.get, { request, headers }),
    close: () => client.close(),
  };
}

function callUnary<Req, Res>(
  client: Client,
  method: MethodDefinition<Req, Res>,
  { request, headers }: { request: Req; headers: Propagated },
): Promise<Res> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const options = { deadline: Date.now() + CALL_TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      options,
      (error, reply) => (reply === undefined ? reject(error) : resolve(reply)),
    );
  });
}
