import type { DescMethod, DescService, MessageInitShape, MessageShape } from '#lib/api';
import type { ServerCall } from './server-call.ts';
import type { ServerStream } from './server-stream.ts';

/** Answers a unary call; what it throws becomes the status. */
export type UnaryHandler<M extends DescMethod> = (
  request: MessageShape<M['input']>,
  call: ServerCall,
) => MessageInitShape<M['output']> | Promise<MessageInitShape<M['output']>>;

/**
 * Answers a server-streaming call. The stream outlives the handler, which usually only subscribes it to
 * something; what the handler throws ends the stream.
 */
export type StreamHandler<M extends DescMethod> = (
  request: MessageShape<M['input']>,
  stream: ServerStream<MessageShape<M['output']>>,
) => void | Promise<void>;

/** A handler for every method of a service, by its camelCase name. */
export type ServiceImplementation<S extends DescService> = {
  readonly [K in keyof S['method']]: S['method'][K]['methodKind'] extends 'unary'
    ? UnaryHandler<S['method'][K]>
    : S['method'][K]['methodKind'] extends 'server_streaming'
      ? StreamHandler<S['method'][K]>
      : never;
};
