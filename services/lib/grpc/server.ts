import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
} from '@grpc/grpc-js';
import { create, type DescMethod, type DescService, type MessageShape } from '#lib/api';
import { describeError, MeshError } from '#lib/base';
import { createDeserializer, createSerializer, formatMethodPath } from './codec.ts';
import type { ServiceImplementation, StreamHandler, UnaryHandler } from './implementation.ts';
import { describeCall } from './server-call.ts';
import { createServerStream, findCancelCode, type ServerStream } from './server-stream.ts';
import { GrpcStatus } from './status.ts';
import { toGrpcError, toServiceError } from './translate-error.ts';

// What it would print on stderr by itself it also reports to us.
setLogVerbosity(logVerbosity.NONE);

const CLOSE_LIMIT_MS = 1000;

export interface GrpcServerOptions {
  /** Hears of every finished call of a known method: its gRPC path, status and duration. */
  readonly observe?: (method: string, code: GrpcStatus, durationMs: number) => void;
}

export interface ListeningGrpcServer {
  readonly port: number;
  /** Takes no more calls, ends open streams with OK, waits a second for the rest, then cuts them off. */
  close(): Promise<void>;
}

type Request = MessageShape<DescMethod['input']>;
type Response = MessageShape<DescMethod['output']>;

/** Serves protobuf services as plaintext HTTP/2; its sidecar adds the TLS. Streams are not limited in number. */
export class GrpcServer {
  readonly #server = new Server();
  readonly #streams = new Set<ServerStream<Response>>();
  readonly #observe: NonNullable<GrpcServerOptions['observe']>;

  constructor(options: GrpcServerOptions = {}) {
    this.#observe = options.observe ?? (() => {});
  }

  /** Adds a service before or after listening; calls to others are answered with Unimplemented. */
  add<S extends DescService>(service: S, implementation: ServiceImplementation<S>): void {
    const handlers: Record<string, unknown> = implementation;
    for (const [name, method] of Object.entries(service.method)) {
      // The type of the implementation says which handler belongs to which kind of method.
      if (method.methodKind === 'unary') {
        this.#register(method, this.#serveUnary(method, handlers[name] as UnaryHandler<DescMethod>));
      } else {
        this.#register(method, this.#serveStream(handlers[name] as StreamHandler<DescMethod>));
      }
    }
  }

  /** Port 0 takes a free one. Throws a MeshError when the address cannot be had. */
  async listen({ host, port }: { host: string; port: number }): Promise<ListeningGrpcServer> {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const bound = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, boundPort) => {
        if (error === null) resolve(boundPort);
        else reject(createListenError(address, error));
      });
    });
    return { port: bound, close: () => this.#close() };
  }

  #register(
    method: DescMethod,
    handle: handleUnaryCall<Request, Response> | handleServerStreamingCall<Request, Response>,
  ): void {
    const path = formatMethodPath(method);
    const type = method.methodKind === 'unary' ? 'unary' : 'serverStream';
    const isNew = this.#server.register(
      path,
      handle,
      createSerializer(method.output),
      createDeserializer(method.input),
      type,
    );
    if (!isNew) throw new Error(`${path} has a handler already`);
  }

  #serveUnary(method: DescMethod, handler: UnaryHandler<DescMethod>): handleUnaryCall<Request, Response> {
    return (call, respond) => {
      const over = new AbortController();
      const finish = this.#startTimer(call.getPath());
      call.once('cancelled', () => {
        finish(findCancelCode(call));
        over.abort();
      });
      const answer = async () =>
        create(method.output, await handler(call.request, describeCall(call, over.signal)));
      answer().then(
        (response) => {
          finish(GrpcStatus.Ok);
          respond(null, response);
        },
        (thrown: unknown) => {
          const error = toGrpcError(thrown);
          finish(error.code);
          respond(toServiceError(error));
        },
      );
    };
  }

  #serveStream(handler: StreamHandler<DescMethod>): handleServerStreamingCall<Request, Response> {
    return (call) => {
      const stream = createServerStream(call, this.#startTimer(call.getPath()));
      this.#streams.add(stream);
      stream.onClose(() => this.#streams.delete(stream));
      const answer = async () => handler(call.request, stream);
      answer().catch((thrown: unknown) => stream.fail(toGrpcError(thrown)));
    };
  }

  /** Returns what to call with the status; only the first call counts. */
  #startTimer(method: string): (code: GrpcStatus) => void {
    const startMs = performance.now();
    let isFinished = false;
    return (code) => {
      if (isFinished) return;
      isFinished = true;
      this.#observe(method, code, performance.now() - startMs);
    };
  }

  async #close(): Promise<void> {
    for (const stream of this.#streams) stream.end();
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, CLOSE_LIMIT_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }
}

function createListenError(address: string, error: Error): MeshError {
  // grpc-js lists what it tried in brackets; we try one address.
  const reason = /\[(.+)\]$/.exec(error.message)?.[1] ?? describeError(error);
  return new MeshError(
    'LISTEN',
    `cannot listen for gRPC on ${address}: ${reason}; free the port or choose another address`,
    { cause: error },
  );
}
