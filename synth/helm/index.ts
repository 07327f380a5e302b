/** How charts are made: templates as constructs, printed for Helm or rendered directly. */
export { renderDirect } from './render-direct.ts';
export { type HelmChart, Template, type TemplateProps } from './template.ts';
export { writeChart } from './write-chart.ts';
