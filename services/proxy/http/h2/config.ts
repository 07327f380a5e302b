/** How many of a kind are allowed at once, and how many a second come back. Useful work gives one back too. */
export interface FloodLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** What a peer may do without purpose before it gets GOAWAY ENHANCE_YOUR_CALM. */
export interface FloodLimits {
  /** Streams reset by the peer before their response, or by us for the peer's fault; each whole stream gives one back. */
  readonly resets: FloodLimit;
  readonly pings: FloodLimit;
  readonly settings: FloodLimit;
  /** DATA without bytes and without END_STREAM. */
  readonly emptyFrames: FloodLimit;
  /** PRIORITY, unknown types, frames for streams that are gone. */
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

export interface H2Config {
  /** What a peer may send on a stream before it is consumed. */
  readonly streamWindowBytes: number;
  /** … and on the connection; not below 65,535. */
  readonly connectionWindowBytes: number;
  readonly maxHeaderListBytes: number;
  /** Streams a client may have open on a server connection; not advertised when undefined. */
  readonly maxConcurrentStreams: number | undefined;
  /** Requests of a client connection that wait for a stream. */
  readonly maxWaitingRequests: number;
  readonly keepAlive: KeepAliveConfig | undefined;
  readonly floods: FloodLimits;
}

/** Source: facts sheet proxy-wire, section 22. */
export const DEFAULT_H2_CONFIG: H2Config = {
  streamWindowBytes: 65_535,
  connectionWindowBytes: 1_048_576,
  maxHeaderListBytes: 16_384,
  maxConcurrentStreams: undefined,
  maxWaitingRequests: 10_000,
  keepAlive: undefined,
  floods: {
    resets: { burst: 1000, perSecond: 100 },
    pings: { burst: 1000, perSecond: 100 },
    settings: { burst: 100, perSecond: 10 },
    emptyFrames: { burst: 1000, perSecond: 100 },
    idleFrames: { burst: 2000, perSecond: 200 },
    continuations: 16,
    headerBlockBytes: 65_536,
  },
};

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
    keepAliveTimeouts: 0,
  };
}
