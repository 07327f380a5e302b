import type { ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';

/** What a handler may know about a call beside its request. */
export interface ServerCall {
  /** The gRPC path, `/package.Service/Method`. */
  readonly method: string;
  /** The caller's `address:port`. */
  readonly peer: string;
  /** Aborted when the call is over, also when its caller has gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** The first value of a text header, by its lower-case name. */
  header(name: string): string | undefined;
}

type ForeignCall = Pick<
  ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>,
  'getPath' | 'getPeer' | 'metadata'
>;

export function describeCall(call: ForeignCall, signal: AbortSignal): ServerCall {
  return {
    method: call.getPath(),
    peer: call.getPeer(),
    signal,
    header(name) {
      const value = call.metadata.get(name)[0];
      return typeof value === 'string' ? value : undefined;
    },
  };
}
