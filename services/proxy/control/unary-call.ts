import type { DescMessage, MessageShape } from '#lib/api';
import type { Millis } from '#lib/base';
import type { ControlChannel } from './channel.ts';
import { GrpcCallError } from './grpc-client.ts';
import { GRPC_STATUS } from './grpc-status.ts';
import type { GrpcMethod } from './grpc-stream.ts';

export interface UnaryCall<I extends DescMessage, O extends DescMessage> {
  readonly method: GrpcMethod<I, O>;
  readonly request: MessageShape<I>;
  /** The wait for a connection counts. */
  readonly timeoutMs: Millis;
}

/** Makes a call with one answer as soon as the channel is connected; rejects with a GrpcCallError. */
export function callUnary<I extends DescMessage, O extends DescMessage>(
  channel: ControlChannel,
  { method, request, timeoutMs }: UnaryCall<I, O>,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    let answer: MessageShape<O> | undefined;
    let cancel = () => {};
    const timer = setTimeout(() => {
      cancel();
      reject(new GrpcCallError(GRPC_STATUS.deadlineExceeded, `no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    cancel = channel.call(method, request, {
      onMessage(message) {
        answer = message;
      },
      onEnd({ code, message }) {
        clearTimeout(timer);
        if (code !== GRPC_STATUS.ok) reject(new GrpcCallError(code, message));
        else if (answer === undefined)
          reject(new GrpcCallError(GRPC_STATUS.internal, 'the answer holds no message'));
        else resolve(answer);
      },
    });
  });
}
