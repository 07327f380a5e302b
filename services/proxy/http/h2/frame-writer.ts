import type { Wire } from '../../transport/wire.ts';
import { FLAG, FRAME, FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from './frame.ts';

/** What a frame header says; `length` is that of the payload. */
export interface FrameHeader {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
}

/** Writes the 9 bytes of a header at `at`; returns where the payload goes. */
export function putFrameHeader(out: Buffer, at: number, header: FrameHeader): number {
  const { length, streamId } = header;
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = header.type;
  out[at + 4] = header.flags;
  out[at + 5] = streamId >>> 24;
  out[at + 6] = streamId >>> 16;
  out[at + 7] = streamId >>> 8;
  out[at + 8] = streamId;
  return at + FRAME_HEADER_BYTES;
}

/** A frame with a small payload, filled in by the caller at what it returns; the wire counts it as written. */
function beginFrame(wire: Wire, header: FrameHeader): number {
  const at = wire.reserve(FRAME_HEADER_BYTES + header.length);
  wire.used = at + FRAME_HEADER_BYTES + header.length;
  return putFrameHeader(wire.out, at, header);
}

function put32(out: Buffer, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** Body bytes `chunk[from, to)` in as many DATA frames as they need; `end` marks the last. */
export function writeData(
  wire: Wire,
  streamId: number,
  body: { readonly chunk: Buffer; readonly from: number; readonly to: number; readonly end: boolean },
): void {
  const { chunk, to, end } = body;
  let from = body.from;
  do {
    const next = Math.min(to, from + MAX_FRAME_BYTES);
    const length = next - from;
    const at = wire.reserve(FRAME_HEADER_BYTES + length);
    const flags = end && next === to ? FLAG.endStream : 0;
    const payload = putFrameHeader(wire.out, at, { length, type: FRAME.data, flags, streamId });
    if (length > 0) {
      wire.out.set(from === 0 && next === chunk.length ? chunk : chunk.subarray(from, next), payload);
    }
    wire.used = payload + length;
    from = next;
  } while (from < to);
}

/** Settings as pairs of identifier and value. */
export function writeSettings(wire: Wire, settings: readonly (readonly [number, number])[]): void {
  let at = beginFrame(wire, { length: settings.length * 6, type: FRAME.settings, flags: 0, streamId: 0 });
  for (const [identifier, value] of settings) {
    wire.out.writeUInt16BE(identifier, at);
    wire.out.writeUInt32BE(value, at + 2);
    at += 6;
  }
}

export function writeSettingsAck(wire: Wire): void {
  beginFrame(wire, { length: 0, type: FRAME.settings, flags: FLAG.ack, streamId: 0 });
}

/** `payload` is 8 bytes. */
export function writePing(wire: Wire, payload: Buffer, flags: number): void {
  const at = beginFrame(wire, { length: 8, type: FRAME.ping, flags, streamId: 0 });
  wire.out.set(payload, at);
}

export function writeWindowUpdate(wire: Wire, streamId: number, bytes: number): void {
  const at = beginFrame(wire, { length: 4, type: FRAME.windowUpdate, flags: 0, streamId });
  put32(wire.out, at, bytes);
}

export function writeRstStream(wire: Wire, streamId: number, code: number): void {
  const at = beginFrame(wire, { length: 4, type: FRAME.rstStream, flags: 0, streamId });
  put32(wire.out, at, code);
}

/** `text` is for whoever debugs the peer. */
export function writeGoAway(
  wire: Wire,
  goAway: { readonly lastStreamId: number; readonly code: number; readonly text: string },
): void {
  const length = 8 + goAway.text.length;
  const at = beginFrame(wire, { length, type: FRAME.goAway, flags: 0, streamId: 0 });
  put32(wire.out, at, goAway.lastStreamId);
  put32(wire.out, at + 4, goAway.code);
  wire.out.latin1Write(goAway.text, at + 8, goAway.text.length);
}
