import type { DescMessage, MessageShape } from '#lib/api';
import { MeshError, type Millis } from '#lib/base';
import type { HttpClient } from '../http/exchange.ts';
import type { GrpcOutcome } from './grpc-outcome.ts';
import { GRPC_STATUS } from './grpc-status.ts';
import { type GrpcCall, type GrpcMethod, GrpcStream } from './grpc-stream.ts';

/** A unary call that failed; `status` is a gRPC status. */
export class GrpcCallError extends MeshError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('GRPC_CALL_FAILED', message);
    this.name = 'GrpcCallError';
    this.status = status;
  }
}

export interface GrpcClientOptions {
  /** What `:authority` of every call names. */
  readonly authority: string;
  /** The connection to use now; undefined where there is none, and then calls end as unavailable. */
  readonly connection: () => HttpClient | undefined;
}

type StreamCall<I extends DescMessage, O extends DescMessage> = Pick<
  GrpcCall<I, O>,
  'request' | 'onMessage' | 'onEnd'
>;

const NOT_CONNECTED: GrpcOutcome = { code: GRPC_STATUS.unavailable, message: 'not connected' };

/**
 * Calls gRPC methods over connections that somebody else makes and keeps: one request message, one or many answers,
 * no compression, no metadata. (grpc-js insists on ALPN, which the mesh does without: design D7.)
 */
export class GrpcClient {
  readonly #options: GrpcClientOptions;

  constructor(options: GrpcClientOptions) {
    this.#options = options;
  }

  /** Starts a server-streaming call. Where there is no connection, `onEnd` comes first and undefined is returned. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: GrpcMethod<I, O>,
    call: StreamCall<I, O>,
  ): GrpcStream<I, O> | undefined {
    return this.#open({ ...call, method, authority: this.#options.authority });
  }

  #open<I extends DescMessage, O extends DescMessage>(call: GrpcCall<I, O>): GrpcStream<I, O> | undefined {
    const connection = this.#options.connection();
    if (connection !== undefined) return new GrpcStream(connection, call);
    call.onEnd(NOT_CONNECTED);
    return undefined;
  }

  /** Makes a call with one answer; rejects with a GrpcCallError, after `timeoutMs` with DEADLINE_EXCEEDED. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: GrpcMethod<I, O>,
    request: MessageShape<I>,
    options: { readonly timeoutMs: Millis },
  ): Promise<MessageShape<O>> {
    const { timeoutMs } = options;
    const { authority } = this.#options;
    return new Promise((resolve, reject) => {
      let answer: MessageShape<O> | undefined;
      const timer = setTimeout(() => {
        stream?.cancel();
        reject(new GrpcCallError(GRPC_STATUS.deadlineExceeded, `no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      const onMessage = (message: MessageShape<O>) => {
        answer = message;
      };
      const onEnd = ({ code, message }: GrpcOutcome) => {
        clearTimeout(timer);
        if (code !== GRPC_STATUS.ok) reject(new GrpcCallError(code, message));
        else if (answer === undefined)
          reject(new GrpcCallError(GRPC_STATUS.internal, 'the answer holds no message'));
        else resolve(answer);
      };
      const stream = this.#open({ method, request, authority, timeoutMs, onMessage, onEnd });
    });
  }
}
