import { type Client, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { ECHO_SERVICE, STREAM_MESSAGES } from './grpc-service.ts';
import { keepStream } from './long-stream.ts';
import { count } from './tally.ts';

const UNAVAILABLE = 14;
const MESSAGE = Buffer.from('to and fro');
const keep = (bytes: Buffer): Buffer => bytes;

export interface GrpcCalls {
  unary(): Promise<void>;
  stream(): Promise<void>;
  /** Never comes back. */
  keepBidi(): Promise<never>;
}

export function createGrpcCalls(host: string, port: number): GrpcCalls {
  const EchoClient = makeGenericClientConstructor(ECHO_SERVICE, 'soak.Echo');
  // Nothing is tried again behind our back.
  const options = { 'grpc.enable_retries': 0 };
  const client: Client = new EchoClient(`${host}:${port}`, credentials.createInsecure(), options);
  return {
    unary: () => count('grpc unary', () => callUnary(client)),
    stream: () => count('grpc stream', () => callStream(client)),
    keepBidi: () => keepBidi(client),
  };
}

function callUnary(client: Client): Promise<void> {
  const { path } = ECHO_SERVICE.unary;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, keep, keep, MESSAGE, (error, answer) => {
      if (error !== null) reject(error);
      else if (answer?.equals(MESSAGE) === true) resolve();
      else reject(new Error(`answered ${answer}`));
    });
  });
}

function callStream(client: Client): Promise<void> {
  const { path } = ECHO_SERVICE.stream;
  return new Promise((resolve, reject) => {
    let messages = 0;
    const call = client.makeServerStreamRequest(path, keep, keep, MESSAGE);
    call.on('data', () => messages++);
    call.on('error', reject);
    call.on('end', () =>
      messages === STREAM_MESSAGES ? resolve() : reject(new Error(`${messages} messages`)),
    );
  });
}

function keepBidi(client: Client): Promise<never> {
  const { path } = ECHO_SERVICE.bidi;
  return keepStream('grpc bidi', (events) => {
    const call = client.makeBidiStreamRequest(path, keep, keep);
    call.on('data', (message: Buffer) => events.onMessage(message));
    call.on('error', (error: Error & { code?: number }) =>
      events.onEnd(error.code === UNAVAILABLE ? new Error(`unavailable: ${error.message}`) : error),
    );
    call.on('end', () => events.onEnd(undefined));
    return { send: (message) => call.write(message), close: () => call.cancel() };
  });
}
