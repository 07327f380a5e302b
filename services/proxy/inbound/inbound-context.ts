import type { Logger } from '#lib/telemetry';
import type { DirectionConfig } from '../config.ts';
import type { AccessLog } from '../http/access-log/access-log.ts';
import type { InFlight } from '../http/in-flight.ts';
import type { Families } from '../metrics/families.ts';
import type { TcpTracker } from '../metrics/tcp-series.ts';
import type { Tracer } from '../trace/tracer.ts';

/** What everything on the inbound way shares. */
export interface InboundContext {
  readonly config: DirectionConfig;
  readonly families: Families;
  readonly tracker: TcpTracker;
  readonly log: Logger;
  readonly inFlight: InFlight;
  readonly accessLog: AccessLog | undefined;
  /** Undefined where nothing is traced. */
  readonly tracer: Tracer | undefined;
  /** Requests are labelled with their authority. */
  readonly authorityLabels: boolean;
}
