import { openRaw, type RawConnection, type RawTarget } from './raw-connection.ts';

/** Frame types and flags (RFC 9113 section 6). */
export const TYPE = {
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
export const END_STREAM = 1;
export const END_HEADERS = 4;

/** Error codes (RFC 9113 section 7). */
export const ERROR = {
  protocol: 1,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const HEADER_BYTES = 9;

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function encodeFrame(
  type: number,
  streamId: number,
  payload: Uint8Array | string = '',
  flags = 0,
): Buffer {
  const body = Buffer.from(payload as string, 'latin1');
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, body]);
}

export function encodeUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** The settings of id and value. */
export function encodeSettings(...settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const pairs = settings.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), encodeUint32(value)]));
  return encodeFrame(TYPE.settings, 0, Buffer.concat(pairs));
}

/** A field of HPACK, as a literal that is not indexed and not compressed. */
export function encodeField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), encodeText(name), encodeText(value)]);
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.from([bytes.length, ...bytes]);
  let rest = bytes.length - 127;
  const length = [127];
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** `GET path` with further fields. */
export function encodeGet(
  path: string,
  ...fields: readonly (readonly [name: string, value: string])[]
): Buffer {
  const all = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':authority', 'web'],
    [':path', path],
    ...fields,
  ] as const;
  return Buffer.concat(all.map(([name, value]) => encodeField(name, value)));
}

export function encodeRequest(streamId: number, block: Buffer, flags = END_STREAM | END_HEADERS): Buffer {
  return encodeFrame(TYPE.headers, streamId, block, flags);
}

/** The whole frames that have come. */
function readFrames(bytes: Buffer): RawFrame[] {
  const frames: RawFrame[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + HEADER_BYTES + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const payload = bytes.subarray(at + HEADER_BYTES, end);
    const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    frames.push({ type: bytes[at + 3] ?? 0, flags: bytes[at + 4] ?? 0, streamId, payload });
    at = end;
  }
  return frames;
}

/** A connection that speaks frames by prior knowledge; nothing but what is sent here is sent. */
export interface RawH2 {
  readonly raw: RawConnection;
  frames(): readonly RawFrame[];
  send(...frames: readonly Buffer[]): void;
  /** Resolves with the first such frame; rejects when the peer ends or time is up before. */
  frame(type: number, streamId?: number): Promise<RawFrame>;
  /** The error code of the GOAWAY that ends the connection. */
  goAway(): Promise<number>;
  /** The error code of the stream's RST_STREAM. */
  reset(streamId: number): Promise<number>;
  /** The body of a stream, once it has ended. */
  body(streamId: number): Promise<string>;
}

/** Opens a connection; `first` follows the preface in place of empty SETTINGS. */
export function openH2(target: RawTarget, first: Buffer = encodeSettings()): RawH2 {
  const raw = openRaw(target);
  raw.send(Buffer.concat([PREFACE, first]));
  const frames = () => readFrames(raw.received());
  const frame = async (type: number, streamId = 0) => {
    const isWanted = (found: RawFrame) => found.type === type && found.streamId === streamId;
    await raw.until(() => frames().some(isWanted));
    const found = frames().find(isWanted);
    if (found === undefined)
      throw new Error(`ended (${raw.ended()}) before ${type}/${streamId}: ${describe(frames())}`);
    return found;
  };
  return {
    raw,
    frames,
    frame,
    send: (...all) => raw.send(Buffer.concat(all)),
    goAway: async () => (await frame(TYPE.goAway)).payload.readUInt32BE(4),
    reset: async (streamId) => (await frame(TYPE.rstStream, streamId)).payload.readUInt32BE(0),
    async body(streamId) {
      const of = () => frames().filter((found) => found.streamId === streamId);
      await raw.until(() =>
        of().some(({ type, flags }) => type <= TYPE.headers && (flags & END_STREAM) !== 0),
      );
      const data = of().filter(({ type }) => type === TYPE.data);
      return Buffer.concat(data.map(({ payload }) => payload)).toString('latin1');
    },
  };
}

function describe(frames: readonly RawFrame[]): string {
  return frames
    .map(
      ({ type, streamId, flags, payload }) =>
        `${type}/${streamId}/${flags}:${payload.toString('hex', 0, 16)}`,
    )
    .join(' ');
}
