import { randomBytes } from 'node:crypto';
import { type Clock, describeError, systemClock } from '#lib/base';
import type { KubeObject, ResourceKind } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import type { KubernetesClient } from './client.ts';
import { hasStatus } from './error.ts';
import { createEventMemory, type EventMemory, type EventRecord } from './event-memory.ts';
import { collectionPath, objectPath } from './resource-path.ts';

export interface EventRecorderOptions {
  /** Who tells: `linkerd-identity`. */
  readonly component: string;
  /** The pod or machine that tells. */
  readonly host?: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Tells of events in the background. */
export interface EventRecorder {
  /**
   * Never throws and never blocks. The same event again within 10 minutes is counted up. What is too much is left out:
   * more than 1000 waiting, or more than 25 about one object (and one in 5 minutes beyond that).
   */
  record(event: EventRecord): void;
  /** Sends what is waiting, for 2 s at most; what comes later is left out. */
  close(): Promise<void>;
}

/** An Event of the core group. Source: kubernetes.io, "Event (events.k8s.io/v1)", deprecated fields. */
interface CoreEvent extends KubeObject {
  readonly kind: 'Event';
  readonly [field: string]: unknown;
}

const EVENTS: ResourceKind<CoreEvent> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};
const MAX_WAITING = 1000;
const CLOSE_MS = 2000;
const CALL_TIMEOUT_MS = 10_000;
/** The API takes no longer ones. */
const MAX_MESSAGE_CHARS = 1024;
const MAX_NAME_CHARS = 200;

interface Sender {
  readonly client: KubernetesClient;
  readonly options: EventRecorderOptions;
  readonly memory: EventMemory;
  readonly clock: Clock;
}

export function createEventRecorder(client: KubernetesClient, options: EventRecorderOptions): EventRecorder {
  const { log, clock = systemClock } = options;
  const sender: Sender = { client, options, clock, memory: createEventMemory(clock) };
  const waiting: EventRecord[] = [];
  let sending: Promise<void> | undefined;
  let closed = false;
  let problem = '';
  const sendAll = async () => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      try {
        await send(event, sender);
        problem = '';
      } catch (error) {
        if (problem === '')
          log.warn('an event was not recorded', { reason: event.reason, error: describeError(error) });
        problem = describeError(error);
      }
    }
    sending = undefined;
  };
  return {
    record(event) {
      if (closed || waiting.length >= MAX_WAITING || !sender.memory.admit(event)) {
        log.debug('an event was left out', { reason: event.reason, message: event.message });
        return;
      }
      waiting.push(event);
      sending ??= Promise.resolve().then(sendAll);
    },
    async close() {
      closed = true;
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        waiting.length = 0;
        late.resolve();
      }, CLOSE_MS);
      await Promise.race([sending, late.promise]);
      clearTimeout(timer);
    },
  };
}

async function send(record: EventRecord, sender: Sender): Promise<void> {
  const { memory, clock } = sender;
  const known = memory.find(record);
  if (known !== undefined) {
    const count = known.count + 1;
    try {
      await countUp({ ...known, count }, sender);
      memory.remember(record, { ...known, count, lastMs: clock.monotonic() });
      return;
    } catch (error) {
      // Events end by themselves after a while.
      if (!hasStatus(error, 404)) throw error;
      memory.forget(record);
    }
  }
  const event = buildEvent(record, sender);
  const { namespace = '', name } = event.metadata;
  await sender.client.request({
    method: 'POST',
    path: collectionPath(EVENTS, namespace),
    body: event,
    timeoutMs: CALL_TIMEOUT_MS,
  });
  memory.remember(record, { namespace, name, count: 1, lastMs: clock.monotonic() });
}

async function countUp(
  known: { readonly namespace: string; readonly name: string; readonly count: number },
  { client, clock }: Sender,
): Promise<void> {
  await client.request({
    method: 'PATCH',
    path: objectPath(EVENTS, known),
    contentType: 'application/merge-patch+json',
    body: { count: known.count, lastTimestamp: formatInstant(clock.now()) },
    timeoutMs: CALL_TIMEOUT_MS,
  });
}

function buildEvent(
  { regarding, type, reason, message }: EventRecord,
  { options, clock }: Sender,
): CoreEvent {
  const { component, host } = options;
  const now = formatInstant(clock.now());
  const namespace = regarding.namespace ?? 'default';
  const suffix = `${clock.now().toString(16)}${randomBytes(3).toString('hex')}`;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${regarding.name.slice(0, MAX_NAME_CHARS)}.${suffix}`, namespace },
    involvedObject: regarding,
    type,
    reason,
    message: message.slice(0, MAX_MESSAGE_CHARS),
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component, ...(host !== undefined && { host }) },
    reportingComponent: component,
    reportingInstance: host ?? '',
  };
}

/** To the second, as the API writes it. */
function formatInstant(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
