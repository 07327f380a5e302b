import type { Logger } from '#lib/telemetry';
import type { EventSink } from '../core/event.ts';

/** Events as lines of the log. */
export function createLogEvents(log: Logger): EventSink {
  return {
    record: ({ type, reason, message, serviceAccount }) => {
      const fields = {
        reason,
        ...(serviceAccount && { namespace: serviceAccount.namespace, name: serviceAccount.name }),
      };
      if (type === 'Warning') log.warn(message, fields);
      else log.info(message, fields);
    },
  };
}

/** Tells all of them. */
export function joinEvents(...sinks: readonly EventSink[]): EventSink {
  return {
    record(event) {
      for (const sink of sinks) sink.record(event);
    },
  };
}
