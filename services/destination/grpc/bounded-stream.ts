import type { ServerStream } from '#lib/grpc';

/**
 * Sends messages as long as the client takes them. When `capacity` of them wait, the client is too slow: the
 * stream ends with OK, and the client comes back for a fresh start. Source: facts sheet control-plane, "Get(path)".
 */
export function createBoundedSender<M>(
  stream: ServerStream<M>,
  { capacity, onOverflow }: { capacity: number; onOverflow: () => void },
): (message: M) => void {
  return (message) => {
    if (stream.closed) return;
    if (stream.pending < capacity) {
      stream.send(message);
      return;
    }
    onOverflow();
    stream.end();
  };
}
