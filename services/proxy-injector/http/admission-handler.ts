import { describeError } from '#lib/base';
import type { InjectValues, PodInjector } from '#lib/inject';
import type { Pod, Service } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import type { EventSink } from '../cluster/event-sink.ts';
import type { NamespaceLookup } from '../cluster/namespaces.ts';
import type { OwnerCache } from '../cluster/owners.ts';
import {
  type AdmissionRequest,
  type AdmissionVerdict,
  formatAdmissionReview,
  readAdmissionReview,
} from '../core/admission-review.ts';
import { type Admission, admit } from '../core/admit.ts';
import { readAdmittedObject } from '../core/admitted-object.ts';
import { resolveOwner, type WorkloadOwner } from '../core/owner.ts';
import type { ProxyInjectorMetrics } from '../metrics.ts';

export interface AdmissionHandlerParts {
  readonly getValues: () => InjectValues | undefined;
  readonly namespaces: NamespaceLookup;
  readonly owners: OwnerCache;
  readonly inject: PodInjector;
  readonly recordEvent: EventSink;
  readonly metrics: ProxyInjectorMetrics;
  readonly log: Logger;
}

/** Answers the body of an admission request with the body of its answer. Rejects where it is no AdmissionReview. */
export type AdmissionHandler = (body: Buffer) => Promise<Buffer>;

export function createAdmissionHandler(parts: AdmissionHandlerParts): AdmissionHandler {
  return async (body) => {
    const review = readAdmissionReview(body);
    try {
      return formatAdmissionReview(review, await judge(review.request, parts));
    } catch (error) {
      const message = describeError(error);
      const { kind, namespace, uid } = review.request;
      parts.log.error('denied, because the review failed', { kind, namespace, uid, error: message });
      return formatAdmissionReview(review, { allowed: false, message });
    }
  };
}

async function judge(request: AdmissionRequest, parts: AdmissionHandlerParts): Promise<AdmissionVerdict> {
  const object = readAdmittedObject(request);
  if (object === undefined) return { allowed: true };
  const values = parts.getValues();
  if (values === undefined)
    throw new Error('The proxy injector has not read its configuration yet; try again.');
  const namespace =
    parts.namespaces.find(request.namespace) ?? (await parts.namespaces.fetch(request.namespace));
  const owner = object.kind === 'Pod' ? await findOwner(object, request.namespace, parts) : undefined;
  const admission = admit({ object, namespace, owner, values }, parts.inject);
  report({ request, object, owner, admission }, parts);
  return { allowed: true, patchJson: admission.patchJson, warnings: admission.warnings };
}

function findOwner(pod: Pod, namespace: string, { owners }: AdmissionHandlerParts): Promise<WorkloadOwner> {
  return resolveOwner(pod, (reference) => owners.lookUp(namespace, reference));
}

interface Outcome {
  readonly request: AdmissionRequest;
  readonly object: Pod | Service;
  readonly owner: WorkloadOwner | undefined;
  readonly admission: Admission;
}

function report({ request, object, owner, admission }: Outcome, parts: AdmissionHandlerParts): void {
  const { decision, event, patchJson, warnings } = admission;
  const { namespace, dryRun } = request;
  parts.metrics.countAdmission({
    ownerKind: owner?.kind ?? object.kind.toLowerCase(),
    namespace,
    annotationAt: decision.annotationAt,
    annotations: object.metadata.annotations ?? {},
    skipReasons: decision.inject || patchJson !== '' ? [] : decision.reasons,
  });
  if (owner !== undefined && !dryRun) parts.recordEvent(owner, namespace, event);
  const about = { kind: object.kind, namespace, name: owner?.name ?? object.metadata.name };
  for (const warning of warnings) parts.log.warn(warning, about);
  if (decision.inject) parts.log.info('injected', { ...about, owner: owner?.kind });
  else parts.log.debug('not injected', { ...about, reasons: decision.reasons.join(',') });
}
