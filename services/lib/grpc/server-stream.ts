import type { ServerWritableStream } from '@grpc/grpc-js';
import type { GrpcError } from './error.ts';
import { describeCall, type ServerCall } from './server-call.ts';
import { GrpcStatus } from './status.ts';
import { toServiceError } from './translate-error.ts';

/** The answer to a server-streaming call. It stays open until either side ends it. */
export interface ServerStream<Message> extends ServerCall {
  /**
   * How many messages were sent and not yet taken by the transport: what a reader that is too slow costs us.
   * Messages of one turn of the event loop count until the transport had its turn. 0 once closed.
   */
  readonly pending: number;
  /** Whether the call is over: ended, failed, or given up by the caller. */
  readonly closed: boolean;
  /** Queues a message, which must not be changed any more; drops it when the stream is closed. */
  send(message: Message): void;
  /** Ends the call with OK after what was sent. Does nothing when the stream is closed. */
  end(): void;
  /** Ends the call with a status after what was sent. Does nothing when the stream is closed. */
  fail(error: GrpcError): void;
  /** Calls back exactly once, when the call is over; at once if it is over already. */
  onClose(callback: () => void): void;
}

/** Puts our stream over grpc-js's. `onEnd` hears once, with the status, that the call is over. */
export function createServerStream<Message>(
  call: ServerWritableStream<unknown, Message>,
  onEnd: (code: GrpcStatus) => void,
): ServerStream<Message> {
  const over = new AbortController();
  const callbacks: (() => void)[] = [];
  const isClosed = () => over.signal.aborted;

  const close = (code: GrpcStatus, finish: () => void) => {
    if (isClosed()) return;
    over.abort();
    finish();
    onEnd(code);
    for (const callback of callbacks.splice(0)) callback();
  };
  // grpc-js says "cancelled" at the end of every call, whoever ended it.
  call.once('cancelled', () => close(findCancelCode(call), () => {}));

  return {
    ...describeCall(call, over.signal),
    get pending() {
      return isClosed() ? 0 : call.writableLength;
    },
    get closed() {
      return isClosed();
    },
    send(message) {
      if (!isClosed()) call.write(message);
    },
    end: () => close(GrpcStatus.Ok, () => call.end()),
    fail: (error) => close(error.code, () => call.emit('error', toServiceError(error))),
    onClose(callback) {
      if (isClosed()) callback();
      else callbacks.push(callback);
    },
  };
}

/** Why a call that we did not end is over. */
export function findCancelCode(
  call: Pick<ServerWritableStream<unknown, unknown>, 'getDeadline'>,
): GrpcStatus {
  return Number(call.getDeadline()) <= Date.now() ? GrpcStatus.DeadlineExceeded : GrpcStatus.Cancelled;
}
