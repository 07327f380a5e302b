import type { EventRecorder } from '#lib/cluster';
import type { InjectionEvent } from '../core/admit.ts';
import type { WorkloadOwner } from '../core/owner.ts';

/** Tells a workload what happened to its pod; never waits, never fails. */
export type EventSink = (owner: WorkloadOwner, namespace: string, event: InjectionEvent) => void;

/** Kinds that an event may be about: those that the API serves everywhere. */
const EVENT_KINDS: readonly string[] = [
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'ReplicationController',
  'Job',
  'CronJob',
];

/** The events of an owner's pods. A pod that nothing owns does not exist yet, so that nothing can be told on it. */
export function createEventSink(recorder: Pick<EventRecorder, 'record'>): EventSink {
  return ({ reference }, namespace, { reason, message }) => {
    if (reference === undefined || !EVENT_KINDS.includes(reference.kind)) return;
    const { apiVersion, kind, name, uid } = reference;
    const regarding = { apiVersion, kind, name, namespace, uid };
    recorder.record({ regarding, type: 'Normal', reason, message });
  };
}
