/** The one door to the charts for programs that render them without Helm: the CLI, local mode. */
export {
  type ControlPlaneValues,
  controlPlaneDefaults,
  type RenderChartOptions,
  renderControlPlane,
  renderCrds,
} from './charts/render.ts';
export { type RenderOptions, renderDirect } from './helm/index.ts';
