import { App } from 'cdk8s';
import type { Deferred } from '#lib/expr';
import { refer } from '#lib/expr';
import {
  type Group,
  referValues,
  toJsonSchema,
  toReadmeTable,
  toValuesYaml,
  type ValuesOf,
} from '../values/spec.ts';
import { printNamedTemplates } from './print/named-templates.ts';
import { FIRST_LINE, printPlainText, printTemplate } from './print/template-file.ts';
import { printYaml } from './print/yaml-data.ts';
import { type HelmChart, listTemplates, type TemplateProps } from './template.ts';

/** The Kubernetes versions that upstream's charts ask for, too. */
const KUBE_VERSION = '>=1.31.0-0';
const IGNORED = ['.DS_Store', '.git/', '*.bak', '*.orig', '*.swp', '*.tmp', ''].join('\n');

/** The files of a Helm chart: their text by their path in the chart's folder. */
export function printChart<S extends Group>(chart: HelmChart<S>): ReadonlyMap<string, string> {
  const props = toProps(chart);
  const app = new App();
  chart.build(app, props);
  const templates = listTemplates(app).map(
    (template) => [`templates/${template.file}.yaml`, printTemplate(template)] as const,
  );
  const named = printNamedTemplates(
    FIRST_LINE,
    templates.map(([, text]) => text),
  );
  return new Map([
    ['Chart.yaml', printYaml(aboutChart(chart))],
    ['values.yaml', toValuesYaml(chart.spec)],
    ['values.schema.json', `${JSON.stringify(toJsonSchema(chart.spec), null, 2)}\n`],
    ['README.md', chart.readme({ valuesTable: toReadmeTable(chart.spec) })],
    ['.helmignore', IGNORED],
    ...templates,
    ...(named === undefined ? [] : ([['templates/_synth.tpl', named]] as const)),
    ['templates/NOTES.txt', printPlainText(chart.notes(props))],
  ]);
}

function aboutChart(chart: HelmChart): Readonly<Record<string, unknown>> {
  const { name, description, version, appVersion, about = {} } = chart;
  return {
    apiVersion: 'v2',
    type: 'application',
    name,
    description,
    version,
    appVersion,
    kubeVersion: KUBE_VERSION,
    ...about,
  };
}

/** What is known when the chart is written; all else refers to what Helm will know. */
function toProps<S extends Group>(chart: HelmChart<S>): TemplateProps<Deferred<ValuesOf<S>>> {
  const { name, version, appVersion } = chart;
  return {
    values: referValues(chart.spec),
    allValues: refer<Readonly<Record<string, unknown>>>([], { type: 'map' }),
    release: {
      name: refer<string>(['Name'], { type: 'string', root: 'Release' }),
      namespace: refer<string>(['Namespace'], { type: 'string', root: 'Release' }),
      isHelm: true,
      chart: { name, version, appVersion },
    },
  };
}
