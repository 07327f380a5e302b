import { LABEL } from '#lib/resources';
import { buildMetadata } from './metadata.ts';
import type { ControlPlaneProps } from './props.ts';

/** How many pods of one part of the control plane may be evicted at once. */
export function buildDisruptionBudget(
  props: ControlPlaneProps,
  { name, component }: { readonly name: string; readonly component: string },
) {
  return {
    metadata: buildMetadata(props, { name, component }),
    spec: {
      maxUnavailable: props.values.controller.podDisruptionBudget.maxUnavailable,
      selector: { matchLabels: { [LABEL.controlPlaneComponent]: component } },
    },
  };
}
