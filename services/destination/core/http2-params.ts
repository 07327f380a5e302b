/** How clients set up HTTP/2 to meshed peers; what is absent they choose themselves. */
export interface Http2ClientParams {
  readonly flowControl?: {
    readonly initialConnectionWindowSize?: number;
    readonly initialStreamWindowSize?: number;
    readonly adaptiveFlowControl?: boolean;
  };
  readonly keepAlive?: {
    readonly intervalMs?: number;
    readonly timeoutMs?: number;
    readonly whileIdle?: boolean;
  };
  readonly internals?: {
    readonly maxConcurrentResetStreams?: number;
    readonly maxFrameSize?: number;
    readonly maxSendBufSize?: number;
  };
}

export const DEFAULT_HTTP2_PARAMS: Http2ClientParams = {
  keepAlive: { intervalMs: 10_000, timeoutMs: 3000, whileIdle: true },
};
