export {
  createGrpcClient,
  type GrpcCallOptions,
  type GrpcClient,
  type GrpcClientMethod,
  type GrpcClientOptions,
} from './client.ts';
export { GrpcError } from './error.ts';
export type { ServiceImplementation, StreamHandler, UnaryHandler } from './implementation.ts';
export { GrpcServer, type GrpcServerOptions, type ListeningGrpcServer } from './server.ts';
export type { ServerCall } from './server-call.ts';
export type { ServerStream } from './server-stream.ts';
export { GrpcStatus, grpcStatusName } from './status.ts';
