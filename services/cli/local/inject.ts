import { decideInjection, type InjectValues, injectPod } from '#lib/inject';
import { LABEL, type Namespace, type Pod } from '#lib/resources';
import { CONTROL_PLANE_NAMESPACE } from './core/names.ts';

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
  const { namespace, deployment, values } = context;
  if (isOfControlPlane(pod) || !needsMesh(pod, context)) return { pod, warnings: [] };
  const owner = deployment === undefined ? {} : { owner: { kind: 'deployment', name: deployment } };
  return injectPod({ pod, namespace, values, ...owner });
}

/** Whether the pod is to have a proxy, which becomes ready once the control plane answers. */
export function needsMesh(
  pod: Pod,
  { namespace, values }: Pick<InjectionContext, 'namespace' | 'values'>,
): boolean {
  if (isOfControlPlane(pod)) return false;
  return decideInjection({ pod, namespace, tokenProjection: values.identity.serviceAccountTokenProjection })
    .inject;
}

/** The chart's own pods, which have their proxy from there. */
function isOfControlPlane({ metadata }: Pod): boolean {
  return (
    metadata.namespace === CONTROL_PLANE_NAMESPACE &&
    metadata.labels?.[LABEL.controlPlaneComponent] !== undefined
  );
}
