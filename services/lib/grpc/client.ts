import { type CallOptions, Client, credentials, Metadata } from '@grpc/grpc-js';
import {
  create,
  type DescMethod,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from '#lib/api';
import { cancelOnAbort, throwIfAborted } from './cancellation.ts';
import { openStream } from './client-stream.ts';
import { createDeserializer, createSerializer, formatMethodPath } from './codec.ts';
import { toGrpcError } from './translate-error.ts';

export interface GrpcClientOptions {
  /** `host:port` or `[v6]:port`, spoken to without TLS. */
  readonly address: string;
  /** How long a call may take when it does not say so itself; no limit by default. */
  readonly deadlineMs?: number;
}

export interface GrpcCallOptions {
  /** From now on, in milliseconds. */
  readonly deadlineMs?: number;
  /** Cancels the call, which then fails with Cancelled. */
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Calls a method. A unary one gives a promise. A streaming one begins when its iteration begins, and leaving the
 * loop cancels it. Either fails with a GrpcError.
 */
export type GrpcClientMethod<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? (request: MessageInitShape<M['input']>, options?: GrpcCallOptions) => Promise<MessageShape<M['output']>>
  : M['methodKind'] extends 'server_streaming'
    ? (
        request: MessageInitShape<M['input']>,
        options?: GrpcCallOptions,
      ) => AsyncIterable<MessageShape<M['output']>>
    : never;

export type GrpcClient<S extends DescService> = {
  readonly [K in keyof S['method']]: GrpcClientMethod<S['method'][K]>;
} & { close(): void };

const CHANNEL_OPTIONS = {
  'grpc.use_local_subchannel_pool': 1,
  // The mesh names its servers itself: no proxy of the environment, no TXT records.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** A client with one connection of its own; it connects with the first call and reconnects by itself. */
export function createGrpcClient<S extends DescService>(
  service: S,
  options: GrpcClientOptions,
): GrpcClient<S> {
  const client = new Client(options.address, credentials.createInsecure(), CHANNEL_OPTIONS);
  const methods = Object.entries(service.method).map(([name, method]) => {
    const call = method.methodKind === 'unary' ? callUnary : callStream;
    return [
      name,
      (request: MessageInitShape<DescMethod['input']>, callOptions: GrpcCallOptions = {}) =>
        call(client, { method, request, options: { ...options, ...callOptions } }),
    ];
  });
  // The mapped type says of each descriptor what the loop made of it.
  return { ...Object.fromEntries(methods), close: () => client.close() } as GrpcClient<S>;
}

interface Invocation {
  readonly method: DescMethod;
  readonly request: MessageInitShape<DescMethod['input']>;
  readonly options: GrpcCallOptions;
}

async function callUnary(
  client: Client,
  { method, request, options }: Invocation,
): Promise<MessageShape<DescMethod['output']>> {
  throwIfAborted(options.signal);
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      formatMethodPath(method),
      createSerializer(method.input),
      createDeserializer(method.output),
      create(method.input, request),
      createMetadata(options),
      createCallOptions(options),
      (error, response) => {
        stopListening();
        if (response !== undefined) resolve(response);
        else reject(toGrpcError(error));
      },
    );
    const stopListening = cancelOnAbort(call, options.signal);
  });
}

function callStream(
  client: Client,
  { method, request, options }: Invocation,
): AsyncIterable<MessageShape<DescMethod['output']>> {
  const message = create(method.input, request);
  const start = () =>
    client.makeServerStreamRequest(
      formatMethodPath(method),
      createSerializer(method.input),
      createDeserializer(method.output),
      message,
      createMetadata(options),
      createCallOptions(options),
    );
  return openStream(start, options.signal);
}

function createMetadata({ headers = {} }: GrpcCallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

function createCallOptions({ deadlineMs }: GrpcCallOptions): CallOptions {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}
