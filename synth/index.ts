/** The one door to the charts for programs that render them without Helm: the CLI, local mode. */
export {
  type ControlPlaneValues,
  completeControlPlaneValues,
  controlPlaneDefaults,
  renderControlPlane,
  renderCrds,
} from './charts/render.ts';
export { KUBE_API_VOLUME_NAME } from './constructs/parts/kube-api-access.ts';
