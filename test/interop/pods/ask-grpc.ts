/** `ask-grpc.ts HOST:PORT`: calls the service of test/soak/pods/grpc-service.ts in every way, and prints what came of it. */
import process from 'node:process';
import { credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { ECHO_SERVICE } from '../../soak/pods/grpc-service.ts';

const BIDI_MESSAGES = 50;
const LARGE_BYTES = 1_000_000;
const keep = (bytes: Buffer): Buffer => bytes;

export interface GrpcAnswers {
  readonly unary: string;
  /** Bytes that came back of a large message. */
  readonly large: number;
  readonly streamed: number;
  readonly bidi: number;
  /** The codes of a call that is too late, and of a method that is not there. */
  readonly late: number;
  readonly unknown: number;
}

const EchoClient = makeGenericClientConstructor(ECHO_SERVICE, 'soak.Echo');
const client = new EchoClient(process.argv[2] ?? '', credentials.createInsecure());

function callUnary(message: Buffer, path: string = ECHO_SERVICE.unary.path): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, keep, keep, message, (error, answer) =>
      error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(error),
    );
  });
}

function callStream(deadlineMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let messages = 0;
    const options = { deadline: Date.now() + deadlineMs };
    const { path } = ECHO_SERVICE.stream;
    const call = client.makeServerStreamRequest(path, keep, keep, Buffer.from('again'), options);
    call.on('data', () => messages++);
    call.on('error', reject);
    call.on('end', () => resolve(messages));
  });
}

/** Each message is sent when the one before has come back. */
function callBidi(): Promise<number> {
  return new Promise((resolve, reject) => {
    let messages = 0;
    const call = client.makeBidiStreamRequest(ECHO_SERVICE.bidi.path, keep, keep);
    call.on('data', () => {
      if (++messages === BIDI_MESSAGES) call.end();
      else call.write(Buffer.from(`${messages}`));
    });
    call.on('error', reject);
    call.on('end', () => resolve(messages));
    call.write(Buffer.from('0'));
  });
}

const codeOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 0,
    (error: ServiceError) => error.code,
  );

const answers: GrpcAnswers = {
  unary: (await callUnary(Buffer.from('hello'))).toString(),
  large: (await callUnary(Buffer.alloc(LARGE_BYTES))).length,
  streamed: await callStream(60_000),
  bidi: await callBidi(),
  late: await codeOf(callStream(500)),
  unknown: await codeOf(callUnary(Buffer.alloc(0), '/soak.Echo/Nothing')),
};
process.stdout.write(JSON.stringify(answers));
client.close();
