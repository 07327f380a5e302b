import {
  annotateOpaquePorts,
  decideInjection,
  describeSkipReasons,
  type InjectionDecision,
  type InjectValues,
  type PodInjector,
} from '#lib/inject';
import type { Namespace, Pod, Service } from '#lib/resources';
import type { WorkloadOwner } from './owner.ts';
import { refuseAnnotations } from './refusal.ts';

export interface AdmissionQuestion {
  readonly object: Pod | Service;
  readonly namespace: Namespace;
  /** Undefined for a Service. */
  readonly owner: WorkloadOwner | undefined;
  readonly values: InjectValues;
}

/** What becomes of a new pod or Service. */
export interface Admission {
  /** RFC 6902 as JSON; empty where nothing changes. */
  readonly patchJson: string;
  readonly decision: InjectionDecision;
  /** Told on the owner. */
  readonly event: InjectionEvent;
  /** One sentence for each annotation that was ignored. */
  readonly warnings: readonly string[];
}

export interface InjectionEvent {
  readonly reason: 'Injected' | 'InjectionSkipped';
  readonly message: string;
}

const INJECTED: InjectionEvent = { reason: 'Injected', message: 'Linkerd sidecar proxy injected' };

/** Decides about a pod or Service and makes its patch. Source: facts sheet injection, sections 1, 2 and 6. */
export function admit(question: AdmissionQuestion, inject: PodInjector): Admission {
  const { object, namespace, owner, values } = question;
  const decision = decide(question);
  if (!decision.inject || object.kind !== 'Pod') {
    const patch = annotateOpaquePorts(object, { namespace, defaultPorts: values.proxy.opaquePorts });
    const patchJson = patch.length === 0 ? '' : JSON.stringify(patch);
    return { patchJson, decision, event: describeSkip(decision), warnings: [] };
  }
  const { patchJson, warnings, failures } = inject({
    pod: object,
    namespace,
    values,
    ...(owner && { owner }),
  });
  // The values by themselves are good: what is wrong came with annotations.
  const [failure] = failures;
  if (failure !== undefined) throw refuseAnnotations(failure);
  return { patchJson, decision, event: INJECTED, warnings };
}

function decide({ object, namespace, values }: AdmissionQuestion): InjectionDecision {
  if (object.kind !== 'Pod') return { inject: false, reasons: ['unsupported_resource'], annotationAt: '' };
  const tokenProjection = values.identity.serviceAccountTokenProjection;
  return decideInjection({ pod: object, namespace, tokenProjection });
}

function describeSkip(decision: InjectionDecision): InjectionEvent {
  const reasons = decision.inject ? [] : decision.reasons;
  return {
    reason: 'InjectionSkipped',
    message: `Linkerd sidecar proxy injection skipped: ${describeSkipReasons(reasons)}`,
  };
}
