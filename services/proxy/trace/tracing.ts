import { type Clock, systemClock } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { TraceConfig } from '../config.ts';
import type { ControlChannel } from '../control/channel.ts';
import type { Families } from '../metrics/families.ts';
import { createCollector } from './export/collector.ts';
import { buildResource, readAttributesFile } from './export/resource.ts';
import { SpanExporter } from './export/span-exporter.ts';
import { Tracer } from './tracer.ts';

/** The tracers of both directions, which export to one collector. */
export interface Tracing {
  readonly inbound: Tracer;
  readonly outbound: Tracer;
  /** Sends what has ended and waits for that, but not for long: the process is about to exit. */
  close(): Promise<void>;
}

export interface TracingOptions {
  readonly config: TraceConfig;
  readonly channel: ControlChannel;
  readonly families: Pick<
    Families,
    'spanExportStreams' | 'spanExportRequests' | 'spanExports' | 'spansDropped'
  >;
  readonly log: Logger;
  readonly clock?: Clock;
}

const CLOSE_MS = 1000;

export function startTracing(options: TracingOptions): Tracing {
  const { config, channel, families, log, clock = systemClock } = options;
  const resource = buildResource({
    config,
    fileText: readAttributesFile(config.attributesPath, log),
    pid: process.pid,
    startedSeconds: Math.floor(clock.now() / 1000),
  });
  const exporter = new SpanExporter({
    collector: createCollector(channel, resource),
    series: {
      streams: families.spanExportStreams.with({}),
      requests: families.spanExportRequests.with({}),
      spans: families.spanExports.with({}),
      dropped: families.spansDropped.with({}),
    },
    log,
  });
  return {
    inbound: new Tracer({ direction: 'inbound', sink: exporter, clock }),
    outbound: new Tracer({ direction: 'outbound', sink: exporter, clock }),
    async close() {
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS));
      await Promise.race([exporter.drain(), timeout]);
      channel.close();
    },
  };
}
