import type { Millis } from '#lib/base';
import { type EnvReader, parseCountValue } from '#lib/config';
import { DEFAULT_H2_CONFIG } from '../http/h2/config.ts';
import { name, parsePositiveValue, parseTimerValue } from './environment.ts';

/** What a peer may send before it is consumed. Source: facts sheet proxy-wire, section 22. */
export interface Http2Windows {
  readonly streamBytes: number;
  readonly connectionBytes: number;
}

const DEFAULT_WINDOWS: Http2Windows = {
  streamBytes: DEFAULT_H2_CONFIG.streamWindowBytes,
  connectionBytes: DEFAULT_H2_CONFIG.connectionWindowBytes,
};
/** RFC 9113 sections 6.5.2 and 6.9. */
const MIN_CONNECTION_WINDOW_BYTES = 65_535;
const MAX_WINDOW_BYTES = 2 ** 31 - 1;
const MIN_FRAME_BYTES = 16_384;
const MAX_FRAME_BYTES = 2 ** 24 - 1;

/** What the HTTP/2 server of a direction allows its clients. */
export interface ServerHttp2Config {
  /** Pings; undefined for none. */
  readonly keepAlive: { readonly intervalMs: Millis; readonly timeoutMs: Millis } | undefined;
  /** Not advertised when undefined. */
  readonly maxConcurrentStreams: number | undefined;
  readonly windows: Http2Windows;
  readonly maxHeaderListBytes: number;
  readonly maxFrameBytes: number;
  /** How many young streams a client may reset at once. */
  readonly maxResets: number;
}

/** What the variables default to; also for servers that no variable is about. */
export const DEFAULT_SERVER_HTTP2: ServerHttp2Config = {
  keepAlive: undefined,
  maxConcurrentStreams: undefined,
  windows: DEFAULT_WINDOWS,
  maxHeaderListBytes: DEFAULT_H2_CONFIG.maxHeaderListBytes,
  maxFrameBytes: DEFAULT_H2_CONFIG.maxFrameBytes,
  maxResets: DEFAULT_H2_CONFIG.floods.resets.burst,
};

export function readServerHttp2(env: EnvReader, at: (suffix: string) => string): ServerHttp2Config {
  const intervalMs = env.optional(at('KEEP_ALIVE_INTERVAL'), parseTimerValue, undefined);
  const timeoutMs = env.optional(at('KEEP_ALIVE_TIMEOUT'), parseTimerValue, undefined);
  return {
    keepAlive: intervalMs === undefined || timeoutMs === undefined ? undefined : { intervalMs, timeoutMs },
    maxConcurrentStreams: env.optional(at('MAX_CONCURRENT_STREAMS'), parseCountValue, undefined),
    windows: readServerWindows(env, at),
    maxHeaderListBytes: env.optional(
      at('MAX_HEADER_LIST_SIZE'),
      parsePositiveValue,
      DEFAULT_SERVER_HTTP2.maxHeaderListBytes,
    ),
    maxFrameBytes: env.optional(at('MAX_FRAME_SIZE'), parseFrameSize, DEFAULT_SERVER_HTTP2.maxFrameBytes),
    maxResets: env.optional(
      at('MAX_PENDING_ACCEPT_RESET_STREAMS'),
      parseCountValue,
      DEFAULT_SERVER_HTTP2.maxResets,
    ),
  };
}

/** Both or none; one alone is read, checked and not used. */
function readServerWindows(env: EnvReader, at: (suffix: string) => string): Http2Windows {
  const streamBytes = env.optional(at('INITIAL_STREAM_WINDOW_SIZE'), parseStreamWindow, undefined);
  const connectionBytes = env.optional(
    at('INITIAL_CONNECTION_WINDOW_SIZE'),
    parseConnectionWindow,
    undefined,
  );
  if (streamBytes === undefined || connectionBytes === undefined) return DEFAULT_WINDOWS;
  return { streamBytes, connectionBytes };
}

export function readClientWindows(env: EnvReader): Http2Windows {
  return {
    streamBytes: env.optional(
      name('HTTP2_INITIAL_STREAM_WINDOW_SIZE'),
      parseStreamWindow,
      DEFAULT_WINDOWS.streamBytes,
    ),
    connectionBytes: env.optional(
      name('HTTP2_INITIAL_CONNECTION_WINDOW_SIZE'),
      parseConnectionWindow,
      DEFAULT_WINDOWS.connectionBytes,
    ),
  };
}

function parseFrameSize(text: string): number {
  const bytes = parseCountValue(text);
  if (bytes < MIN_FRAME_BYTES || bytes > MAX_FRAME_BYTES)
    throw new Error(`is no frame size of HTTP/2: from ${MIN_FRAME_BYTES} to ${MAX_FRAME_BYTES} bytes`);
  return bytes;
}

function parseStreamWindow(text: string): number {
  return checkWindow(parseCountValue(text), 1);
}

function parseConnectionWindow(text: string): number {
  return checkWindow(parseCountValue(text), MIN_CONNECTION_WINDOW_BYTES);
}

function checkWindow(bytes: number, min: number): number {
  if (bytes < min || bytes > MAX_WINDOW_BYTES)
    throw new Error(`is no window of HTTP/2: from ${min} to ${MAX_WINDOW_BYTES} bytes`);
  return bytes;
}
