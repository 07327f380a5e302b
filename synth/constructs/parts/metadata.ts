import { mapOf, mergeMaps, type Value } from '#lib/expr';
import { ANNOTATION, LABEL } from '#lib/resources';
import { type ControlPlaneProps, createdBy } from './props.ts';

type Texts = Readonly<Record<string, Value<string>>>;

export interface MetadataParts {
  readonly name: Value<string>;
  /** The part of the control plane that the object belongs to: a label. */
  readonly component: string;
  /** @default namespaced */
  readonly isClusterWide?: boolean;
  /** Whether it says what made it; RBAC objects, service accounts and webhook configurations don't. @default true */
  readonly isAnnotated?: boolean;
  readonly labels?: Texts;
  readonly annotations?: Texts;
}

/** Metadata of an object of the control plane. Source: facts sheet charts, section 1. */
export function buildMetadata(props: ControlPlaneProps, parts: MetadataParts) {
  const annotations = {
    ...(parts.isAnnotated === false ? {} : { [ANNOTATION.createdBy]: createdBy(props) }),
    ...parts.annotations,
  };
  return {
    name: parts.name,
    ...(parts.isClusterWide ? {} : { namespace: props.release.namespace }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    labels: withCommonLabels(props, { ...componentLabels(props, parts.component), ...parts.labels }),
  };
}

/** What tells the objects, and the pods, of one part of the control plane. */
export function componentLabels({ release }: ControlPlaneProps, component: string): Texts {
  return { [LABEL.controlPlaneComponent]: component, [LABEL.controlPlaneNs]: release.namespace };
}

/** `commonLabels` under those that the chart gives: a user's label does not take one of ours away. */
function withCommonLabels(
  { values }: ControlPlaneProps,
  labels: Texts,
): Value<Readonly<Record<string, string>>> {
  return mergeMaps(values.commonLabels, mapOf(labels));
}
