import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ECHO_SERVICE, STREAM_MESSAGES, STREAM_PAUSE_MS } from './grpc-service.ts';

const open = new Set<ServerDuplexStream<Buffer, Buffer>>();

export async function startGrpcServer(port: number): Promise<Server> {
  const server = new Server();
  server.addService(ECHO_SERVICE, {
    unary: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => done(null, call.request),
    stream,
    bidi,
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${port}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return server;
}

function stream(call: ServerWritableStream<Buffer, Buffer>): void {
  let left = STREAM_MESSAGES;
  const timer = setInterval(() => {
    call.write(call.request);
    if (--left > 0) return;
    clearInterval(timer);
    call.end();
  }, STREAM_PAUSE_MS);
  call.on('cancelled', () => clearInterval(timer));
}

function bidi(call: ServerDuplexStream<Buffer, Buffer>): void {
  open.add(call);
  const forget = () => open.delete(call);
  call.on('data', (message: Buffer) => call.write(message));
  call.on('error', forget);
  call.on('cancelled', forget);
  call.on('end', () => {
    forget();
    call.end();
  });
}

/** Ends the streams that their clients would keep for ever. */
export function endStreams(): void {
  for (const call of open) call.end();
  open.clear();
}
