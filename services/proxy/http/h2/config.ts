import type { Http2Windows } from '../../config.ts';
import { MAX_FRAME_BYTES } from './frame.ts';

/** How many of a kind are allowed at once, and how many a second come back. Useful work gives one back too. */
export interface FloodLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** What a peer may do without purpose before it gets GOAWAY ENHANCE_YOUR_CALM. */
export interface FloodLimits {
  /** Young streams reset by the peer, or any by us for the peer's fault; each whole stream gives one back. */
  readonly resets: FloodLimit;
  readonly pings: FloodLimit;
  readonly settings: FloodLimit;
  /** DATA without bytes and without END_STREAM. */
  readonly emptyFrames: FloodLimit;
  /** WINDOW_UPDATE that no DATA sent since the last one explains. */
  readonly windowUpdates: FloodLimit;
  /** PRIORITY, GOAWAY, acknowledgements, unknown types, frames for streams that are gone. */
  readonly idleFrames: FloodLimit;
  /** CONTINUATION frames of one block. */
  readonly continuations: number;
  /** Bytes of one block, still compressed. */
  readonly headerBlockBytes: number;
}

export interface KeepAliveConfig {
  /** Silence after which a PING is sent. */
  readonly intervalMs: number;
  /** Further silence after which the connection is given up. */
  readonly timeoutMs: number;
  /** Also while there are no streams. */
  readonly whileIdle: boolean;
}

/** What may stand still, for how long. */
export interface StallLimits {
  /** Until a client's preface and SETTINGS are there, a frame begun is whole, a header block has its end. */
  readonly unfinishedMs: number;
  /** Body that waits for windows of the client … */
  readonly queuedBytes: number;
  /** … of which none could be sent for so long. */
  readonly queuedMs: number;
  /** A client connection whose window is used up by what nobody reads: its slowest readers lose their streams. */
  readonly unreadMs: number;
}

export interface H2Config {
  /** What a peer may send on a stream before it is consumed. */
  readonly streamWindowBytes: number;
  /** … and on the connection; not below 65,535. */
  readonly connectionWindowBytes: number;
  readonly maxHeaderListBytes: number;
  /** What a peer's frame may hold; not advertised where it is the smallest limit there is. */
  readonly maxFrameBytes: number;
  /** Streams a client may have open on a server connection; not advertised when undefined. */
  readonly maxConcurrentStreams: number | undefined;
  /** Requests of a client connection that wait for a stream. */
  readonly maxWaitingRequests: number;
  readonly keepAlive: KeepAliveConfig | undefined;
  readonly floods: FloodLimits;
  readonly stalls: StallLimits;
}

/** Source: facts sheet proxy-wire, section 22. */
export const DEFAULT_H2_CONFIG: H2Config = {
  streamWindowBytes: 65_535,
  connectionWindowBytes: 1_048_576,
  maxHeaderListBytes: 16_384,
  maxFrameBytes: MAX_FRAME_BYTES,
  maxConcurrentStreams: undefined,
  maxWaitingRequests: 10_000,
  keepAlive: undefined,
  floods: {
    resets: { burst: 1000, perSecond: 100 },
    pings: { burst: 1000, perSecond: 100 },
    settings: { burst: 100, perSecond: 10 },
    emptyFrames: { burst: 1000, perSecond: 100 },
    windowUpdates: { burst: 4000, perSecond: 400 },
    idleFrames: { burst: 2000, perSecond: 200 },
    continuations: 16,
    headerBlockBytes: 65_536,
  },
  stalls: { unfinishedMs: 30_000, queuedBytes: 4_194_304, queuedMs: 30_000, unreadMs: 5000 },
};

/** Of connections that the proxy makes. */
export function createClientConfig(windows: Http2Windows, keepAlive?: KeepAliveConfig): H2Config {
  return {
    ...DEFAULT_H2_CONFIG,
    streamWindowBytes: windows.streamBytes,
    connectionWindowBytes: windows.connectionBytes,
    keepAlive,
  };
}

/** What connections count; plain numbers, shared by as many connections as one likes. */
export interface H2Counters {
  streams: number;
  resetsReceived: number;
  resetsSent: number;
  /** Streams refused for the limit of concurrent ones. */
  refusedStreams: number;
  /** Messages that broke a rule: reset with PROTOCOL_ERROR. */
  malformedMessages: number;
  headerListsTooLarge: number;
  goAwaysReceived: number;
  /** Connections ended for an error of the peer … */
  connectionErrors: number;
  /** … of which for a flood. */
  floods: number;
  /** … of which for standing still in the middle of a frame, a header block or the hello. */
  unfinished: number;
  /** … of which for reading too little of what they asked for. */
  slowReaders: number;
  keepAliveTimeouts: number;
}

export function createH2Counters(): H2Counters {
  return {
    streams: 0,
    resetsReceived: 0,
    resetsSent: 0,
    refusedStreams: 0,
    malformedMessages: 0,
    headerListsTooLarge: 0,
    goAwaysReceived: 0,
    connectionErrors: 0,
    floods: 0,
    unfinished: 0,
    slowReaders: 0,
    keepAliveTimeouts: 0,
  };
}
