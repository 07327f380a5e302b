import type { KubeObject } from '#lib/resources';
import { renderDirect } from '../helm/index.ts';
import { CONTROL_PLANE_VALUES, type ControlPlaneValues } from '../values/linkerd-control-plane.ts';
import { completeValues } from '../values/spec.ts';
import { LINKERD_CONTROL_PLANE } from './linkerd-control-plane.ts';
import { LINKERD_CRDS_CHART } from './linkerd-crds.ts';

export type { ControlPlaneValues } from '../values/linkerd-control-plane.ts';

export interface RenderChartOptions {
  /** What users pass as files to Helm: the later wins. */
  readonly values: readonly unknown[];
  readonly namespace: string;
  /** True for what Helm would render; false also for the namespace, which Helm's user makes. @default false */
  readonly isHelm?: boolean;
}

/**
 * The objects of the control plane, in the order in which they are to be applied.
 *
 * @throws MeshError CHART_VALUES for values that the chart doesn't know, CHART_FAILED for those that it refuses.
 */
export function renderControlPlane(options: RenderChartOptions): KubeObject[] {
  return renderDirect(LINKERD_CONTROL_PLANE, { ...options, releaseName: LINKERD_CONTROL_PLANE.name });
}

/** The kinds of the mesh; throws as `renderControlPlane` does. */
export function renderCrds(options: RenderChartOptions): KubeObject[] {
  return renderDirect(LINKERD_CRDS_CHART, { ...options, releaseName: LINKERD_CRDS_CHART.name });
}

/** The values of a control plane of which its user says nothing; keys that are absent from them are neutral. */
export function controlPlaneDefaults(): ControlPlaneValues {
  return completeControlPlaneValues();
}

/** All values of a control plane, of those that its user gives: the later wins. */
export function completeControlPlaneValues(...values: readonly unknown[]): ControlPlaneValues {
  return completeValues(CONTROL_PLANE_VALUES, ...values);
}
