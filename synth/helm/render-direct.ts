import { App } from 'cdk8s';
import { MeshError } from '#lib/base';
import type { Deferred, Value } from '#lib/expr';
import type { KubeObject } from '#lib/resources';
import { coalesceValues, completeValues, type Group, type ValuesOf, validateValues } from '../values/spec.ts';
import { decodeTree, type Part } from './encode.ts';
import { sortAsHelm } from './install-order.ts';
import {
  type HelmChart,
  listTemplates,
  type Release,
  type Template,
  type TemplatePart,
  type TemplateProps,
} from './template.ts';

export interface RenderOptions {
  /** What a user gives, as `-f` files: the later wins. */
  readonly values: readonly unknown[];
  readonly namespace: string;
  readonly releaseName: string;
  /** True renders what Helm would; false (the default) also what Helm or its user would see to. */
  readonly isHelm?: boolean;
}

type Props<S extends Group> = TemplateProps<Deferred<ValuesOf<S>>>;

/**
 * A chart's objects in the order in which Helm installs them, with no Helm: the same templates, called with values.
 *
 * @throws MeshError CHART_VALUES for values that the chart doesn't know, CHART_FAILED for those that it refuses.
 */
export function renderDirect<S extends Group>(chart: HelmChart<S>, options: RenderOptions): KubeObject[] {
  const app = new App();
  chart.build(app, toProps(chart, options));
  return sortAsHelm(listTemplates(app).flatMap(renderTemplate));
}

/** What Helm would say after an installation. */
export function renderNotes<S extends Group>(chart: HelmChart<S>, options: RenderOptions): string {
  return requireText(chart.notes(toProps(chart, options)));
}

function toProps<S extends Group>(chart: HelmChart<S>, options: RenderOptions): Props<S> {
  for (const user of options.values) validateValues(chart.spec, user);
  const { name, version, appVersion } = chart;
  const release: Release = {
    name: options.releaseName,
    namespace: options.namespace,
    isHelm: options.isHelm ?? false,
    chart: { name, version, appVersion },
  };
  return {
    // Plain values are deferred ones of which all are known.
    values: completeValues(chart.spec, ...options.values) as Deferred<ValuesOf<S>>,
    allValues: coalesceValues(chart.spec, ...options.values),
    release,
  };
}

interface Rendered {
  readonly file: string;
  readonly object: KubeObject;
}

function renderTemplate(template: Template<unknown>): Rendered[] {
  return template.parts.filter(isThere).map(({ object, failure }) => {
    if (object === undefined) throw new MeshError('CHART_FAILED', requireText(failure ?? ''));
    return { file: template.file, object: toPlain(decodeTree(object.toJson())) as KubeObject };
  });
}

function isThere({ when }: TemplatePart): boolean {
  if (when === undefined || typeof when === 'boolean') return when ?? true;
  throw unsettled();
}

/** A part whose values are all known as the data that it stands for. */
function toPlain(part: Part): unknown {
  switch (part.is) {
    case 'scalar':
      return part.value;
    case 'list':
      return part.items.map(toPlain);
    case 'map':
      return Object.fromEntries(part.entries.map(([key, value]) => [key, toPlain(value)]));
    default:
      throw unsettled();
  }
}

function requireText(value: Value<string>): string {
  if (typeof value === 'string') return value;
  throw unsettled();
}

function unsettled(): MeshError {
  return new MeshError('EXPRESSION_UNSETTLED', 'A template depends on values that nobody gave.');
}
