/** Frame types (RFC 9113 section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const FRAME_HEADER_BYTES = 9;
/** The largest payload either side sends: the smallest limit a peer may set (section 4.2). */
export const MAX_FRAME_BYTES = 16_384;
export const MAX_WINDOW_BYTES = 0x7fffffff;
export const MAX_STREAM_ID = 0x7fffffff;
/** Both windows of a connection before anybody said otherwise (section 6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65_535;

export const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** One frame as its reader shows it; reused for the next. The payload is `bytes` from `start` up to `end`. */
export class Frame {
  type = 0;
  flags = 0;
  streamId = 0;
  bytes: Buffer = CLIENT_PREFACE;
  start = 0;
  end = 0;
}
