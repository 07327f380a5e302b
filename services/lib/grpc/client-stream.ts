import type { ClientReadableStream } from '@grpc/grpc-js';
import { cancelOnAbort, throwIfAborted } from './cancellation.ts';
import { toGrpcError } from './translate-error.ts';

/** Each iteration is a call of its own: begun with it, cancelled when it is left or the signal aborts. */
export function openStream<Message>(
  start: () => ClientReadableStream<Message>,
  signal: AbortSignal | undefined,
): AsyncIterable<Message> {
  return {
    async *[Symbol.asyncIterator]() {
      throwIfAborted(signal);
      const call = start();
      const stopListening = cancelOnAbort(call, signal);
      // A cancelled call reports so after nobody iterates any more; unheard, the report would end the process.
      call.on('error', () => {});
      try {
        yield* call as AsyncIterable<Message>;
      } catch (error) {
        throw toGrpcError(error);
      } finally {
        stopListening();
        call.cancel();
      }
    },
  };
}
