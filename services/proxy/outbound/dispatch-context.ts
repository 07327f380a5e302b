import type { SecureContext } from 'node:tls';
import type { Clock, Random } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { DirectionConfig } from '../config.ts';
import type { InFlight } from '../http/in-flight.ts';
import type { Families } from '../metrics/families.ts';
import type { TcpTracker } from '../metrics/tcp-series.ts';
import type { Tracer } from '../trace/tracer.ts';

/** What everything on the outbound way shares. */
export interface OutboundContext {
  readonly config: DirectionConfig;
  readonly families: Families;
  readonly tracker: TcpTracker;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly inFlight: InFlight;
  /** Addresses of this pod: its own endpoints are dialled in plaintext. */
  readonly localIps: ReadonlySet<string>;
  /** Error texts are shown to the app. */
  readonly informationalHeaders: boolean;
  readonly hostnameLabels: boolean;
  /** Undefined where nothing is traced. */
  readonly tracer: Tracer | undefined;
  /** The current workload certificate. */
  currentTls(): SecureContext;
}
