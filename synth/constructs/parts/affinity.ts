import { isSet, or, when } from '#lib/expr';
import { LABEL } from '#lib/resources';
import type { ControlPlaneProps } from './props.ts';

const HOST = 'kubernetes.io/hostname';
const ZONE_WEIGHT = 100;

/** Where the pods of one part of the control plane go, seen from each other and from the nodes. */
export function buildAffinity({ values }: ControlPlaneProps, component: string) {
  const { enablePodAntiAffinity, nodeAffinity } = values;
  return when(or(enablePodAntiAffinity, isSet(nodeAffinity)), {
    nodeAffinity: when(isSet(nodeAffinity), nodeAffinity),
    podAntiAffinity: when(enablePodAntiAffinity, buildAntiAffinity(component)),
  });
}

/** Never two on one node; two in one zone only if there are no more zones. */
function buildAntiAffinity(component: string) {
  const key = LABEL.controlPlaneComponent;
  const labelSelector = { matchExpressions: [{ key, operator: 'In', values: [component] }] };
  return {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: ZONE_WEIGHT, podAffinityTerm: { labelSelector, topologyKey: LABEL.zone } },
    ],
    requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector, topologyKey: HOST }],
  };
}
