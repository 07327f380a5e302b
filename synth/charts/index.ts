import type { HelmChart } from '../helm/index.ts';
import { LINKERD_CONTROL_PLANE } from './linkerd-control-plane.ts';
import { LINKERD_CRDS_CHART } from './linkerd-crds.ts';

/** All charts, as `make charts` writes them. */
export const CHARTS: readonly HelmChart[] = [LINKERD_CRDS_CHART, LINKERD_CONTROL_PLANE];
