import { type MessageShape, otlpTraceService } from '#lib/api';
import type { Millis } from '#lib/base';
import type { ControlChannel } from '../../control/channel.ts';
import { GRPC_STATUS } from '../../control/grpc-status.ts';
import { buildExportRequest } from './export-request.ts';
import type { ResourceAttributes } from './resource.ts';
import type { Collector, ExportOutcome } from './span-exporter.ts';

/** How long a collector may take over a batch. */
const EXPORT_TIMEOUT_MS: Millis = 10_000;

type Answer = MessageShape<typeof otlpTraceService.ExportTraceServiceResponseSchema>;

/** A collector that takes OpenTelemetry's protocol over gRPC. A batch waits for a connection as any call does. */
export function createCollector(channel: ControlChannel, resource: ResourceAttributes): Collector {
  const method = otlpTraceService.TraceService.method.export;
  return {
    get isConnected() {
      return channel.isConnected;
    },
    export(spans, done) {
      let answer: Answer | undefined;
      let timer: NodeJS.Timeout | undefined;
      const cancel = channel.call(method, buildExportRequest(resource, spans), {
        onStarted() {
          timer = setTimeout(() => {
            cancel();
            done({ kind: 'failed', message: `no answer within ${EXPORT_TIMEOUT_MS} ms` });
          }, EXPORT_TIMEOUT_MS);
          timer.unref();
        },
        onMessage(message) {
          answer = message;
        },
        onEnd({ code, message }) {
          clearTimeout(timer);
          done(code === GRPC_STATUS.ok ? readAnswer(answer) : { kind: 'failed', message });
        },
      });
    },
  };
}

function readAnswer(answer: Answer | undefined): ExportOutcome {
  const { rejectedSpans = 0n, errorMessage = '' } = answer?.partialSuccess ?? {};
  return { kind: 'accepted', rejected: Number(rejectedSpans), message: errorMessage };
}
