import type { Socket } from 'node:net';
import { startReading } from './handle.ts';
import type { ReadFeed } from './read-buffer.ts';
import { Wire, type WireReceiver } from './wire.ts';

/** Receives nothing: what a wire has until a protocol takes it. */
export const IGNORE: WireReceiver = { onBytes() {}, onEnd() {}, onClosed() {}, onDrained() {} };

/** The wire of a connected plain socket whose reads go to `feed`; it starts reading at once. */
export function adoptSocket(socket: Socket, feed: ReadFeed): Wire {
  const wire = new Wire(socket, IGNORE);
  feed.wire = wire;
  // The receiver is set by whoever asked for the connection in this same turn, before the first read comes.
  startReading(socket);
  socket.resume();
  return wire;
}
