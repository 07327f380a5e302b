import {
  type ControlPlaneComponent,
  controlPlaneValues,
  decideInjection,
  type InjectValues,
  injectPod,
} from '#lib/inject';
import { LABEL, type Namespace, type Pod } from '#lib/resources';
import { CONTROL_PLANE_NAMESPACE } from './control-plane.ts';

export interface InjectionContext {
  readonly namespace: Namespace;
  /** The Deployment that the pod belongs to. */
  readonly deployment: string | undefined;
  readonly values: InjectValues;
}

/** The pod with a proxy where it should have one, as the injector would make it; what it warns of besides. */
export function injectLocally(
  pod: Pod,
  context: InjectionContext,
): { pod: Pod; warnings: readonly string[] } {
  const { namespace, deployment } = context;
  const owner = deployment === undefined ? {} : { owner: { kind: 'deployment', name: deployment } };
  const component = componentOf(pod);
  if (component !== undefined) {
    const values = controlPlaneValues(context.values, component);
    return injectPod({ pod, namespace, values, component, ...owner });
  }
  if (!isInjected(pod, context)) return { pod, warnings: [] };
  return injectPod({ pod, namespace, values: context.values, ...owner });
}

/** Whether the pod is to have a proxy. */
export function isInjected(
  pod: Pod,
  { namespace, values }: Pick<InjectionContext, 'namespace' | 'values'>,
): boolean {
  if (componentOf(pod) !== undefined) return true;
  return decideInjection({ pod, namespace, tokenProjection: values.identity.serviceAccountTokenProjection })
    .inject;
}

/** The pods of the control plane run a proxy whatever the annotations say. */
export function componentOf(pod: Pod): ControlPlaneComponent | undefined {
  if (pod.metadata.namespace !== CONTROL_PLANE_NAMESPACE) return undefined;
  const component = pod.metadata.labels?.[LABEL.controlPlaneComponent];
  return component === 'identity' || component === 'destination' ? component : undefined;
}
