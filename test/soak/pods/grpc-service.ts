import type { ServiceDefinition } from '@grpc/grpc-js';

const keep = (bytes: Buffer): Buffer => bytes;

function method(path: string, streams: { readonly request: boolean; readonly response: boolean }) {
  return {
    path: `/soak.Echo/${path}`,
    requestStream: streams.request,
    responseStream: streams.response,
    requestSerialize: keep,
    requestDeserialize: keep,
    responseSerialize: keep,
    responseDeserialize: keep,
  };
}

/** A service without a proto: its messages are bytes. */
export const ECHO_SERVICE = {
  /** The message. */
  unary: method('Unary', { request: false, response: false }),
  /** The message twenty times, in four seconds. */
  stream: method('Stream', { request: false, response: true }),
  /** Each message, for as long as the client likes. */
  bidi: method('Bidi', { request: true, response: true }),
} satisfies ServiceDefinition;

export const STREAM_MESSAGES = 20;
export const STREAM_PAUSE_MS = 200;
