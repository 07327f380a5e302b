import { GrpcError } from './error.ts';
import { GrpcStatus } from './status.ts';

/** Throws what a call fails with when its signal was aborted before it began. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new GrpcError(GrpcStatus.Cancelled, 'Cancelled on client');
}

/** Cancels the call when the signal aborts. Returns what ends the listening. */
export function cancelOnAbort(call: { cancel(): void }, signal: AbortSignal | undefined): () => void {
  // grpc-js forgets to tell the server of a cancellation in the very turn in which the call began.
  const cancel = () => {
    setImmediate(() => call.cancel());
  };
  signal?.addEventListener('abort', cancel, { once: true });
  return () => signal?.removeEventListener('abort', cancel);
}
