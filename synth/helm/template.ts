import { ApiObject, type App, Chart } from 'cdk8s';
import type { Deferred, Value } from '#lib/expr';
import type { Group, ValuesOf } from '../values/spec.ts';
import { encodeTree } from './encode.ts';
import type { CustomKind, KubeKind, TreeOf } from './kube-types.ts';

/** What Helm knows of an installation, beside its values. */
export interface Release {
  readonly name: Value<string>;
  readonly namespace: Value<string>;
  /** False in direct mode, where no Helm looks after the objects later. */
  readonly isHelm: boolean;
  readonly chart: { readonly name: string; readonly version: string; readonly appVersion: string };
}

export interface TemplateProps<V> {
  readonly values: V;
  readonly release: Release;
  /** All values as one map, for what shows them: absent keys are absent there. */
  readonly allValues: Value<Readonly<Record<string, unknown>>>;
}

/** An object of a template, or a condition under which rendering fails. */
export interface TemplatePart {
  readonly object?: ApiObject;
  readonly when?: Value<boolean>;
  readonly failure?: Value<string>;
}

/** One file of a chart's templates/, as a construct: what it adds becomes its objects, in that order. */
export abstract class Template<V> extends Chart {
  readonly file: string;
  readonly values: V;
  readonly release: Release;
  readonly allValues: Value<Readonly<Record<string, unknown>>>;
  readonly parts: TemplatePart[] = [];

  /** `file` 'identity' is printed to templates/identity.yaml. */
  constructor(scope: App, file: string, props: TemplateProps<V>) {
    super(scope, file);
    this.file = file;
    this.values = props.values;
    this.release = props.release;
    this.allValues = props.allValues;
  }

  /** An object, there only if the condition holds. */
  protected add<K extends KubeKind | CustomKind>(
    kind: K,
    tree: TreeOf<K>,
    options: { readonly when?: Value<boolean> } = {},
  ): void {
    const { when = true } = options;
    if (when === false) return;
    const gvk = gvkOf(kind);
    const encoded = encodeTree(tree) as Readonly<Record<string, unknown>>;
    const props = { ...encoded, apiVersion: gvk.apiVersion, kind: gvk.kind };
    this.parts.push({ object: new ApiObject(this, `${gvk.kind}${this.parts.length}`, props), when });
  }

  /** Rendering ends with the message where the condition holds. */
  protected failWhen(condition: Value<boolean>, message: Value<string>): void {
    if (condition !== false) this.parts.push({ when: condition, failure: message });
  }
}

/** The templates of an app; cdk8s' own charts know nothing of expressions and are left out. */
export function listTemplates(app: App): Template<unknown>[] {
  return app.charts.filter((chart): chart is Template<unknown> => 'parts' in chart && 'file' in chart);
}

function gvkOf(kind: KubeKind | CustomKind): CustomKind {
  return 'GVK' in kind ? kind.GVK : kind;
}

/** A chart, from which a Helm chart is written and manifests are rendered directly. */
export interface HelmChart<S extends Group = Group> {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly appVersion: string;
  readonly spec: S;
  /** What is to be added to Chart.yaml: home, sources, keywords, annotations. */
  readonly about?: Readonly<Record<string, unknown>>;
  /** Makes the templates. */
  build(scope: App, props: TemplateProps<Deferred<ValuesOf<S>>>): void;
  /** NOTES.txt: what Helm says after an installation. */
  notes(props: TemplateProps<Deferred<ValuesOf<S>>>): Value<string>;
  /** README.md around the table of values. */
  readme(parts: { readonly valuesTable: string }): string;
}
