import { ANNOTATION, LABEL, type Namespace, type Pod } from '#lib/resources';
import { INHERITED_ANNOTATIONS } from './annotation-rules.ts';
import { type AddOperation, jsonPointer } from './json-patch.ts';
import { defaultOpaquePorts } from './opaque-ports.ts';
import { LABELLED_OWNER_KINDS, type PodOwner } from './owner.ts';
import type { ControlPlaneComponent } from './parts/control-plane.ts';
import type { InjectValues } from './values.ts';

export interface MetadataOptions {
  readonly pod: Pod;
  readonly namespace: Namespace;
  /** The workload that made the pod; none for a bare pod. */
  readonly owner?: PodOwner;
  readonly values: InjectValues;
  /** Set for the pods of the control plane: pass `controlPlaneValues` with it, and annotate them before. */
  readonly component?: ControlPlaneComponent;
  /** The created-by annotation. @default linkerd/proxy-injector VERSION */
  readonly createdBy?: string;
}

const INHERITED: ReadonlySet<string> = new Set(INHERITED_ANNOTATIONS);

/** What the pod gains: created-by, what it inherits, and the opaque ports it exposes. */
export function collectAnnotations(options: MetadataOptions): Record<string, string> {
  const { pod, namespace, values } = options;
  const added: Record<string, string> = {
    [ANNOTATION.createdBy]: options.createdBy ?? `linkerd/proxy-injector ${values.linkerdVersion}`,
  };
  // The namespace of the control plane says that nothing is injected there, and its pods come with a proxy.
  const inheritable = options.component === undefined ? namespace.metadata.annotations : undefined;
  for (const [key, inherited] of Object.entries(inheritable ?? {})) {
    if (INHERITED.has(key) && pod.metadata.annotations?.[key] === undefined) added[key] = inherited;
  }
  const opaque = defaultOpaquePorts(pod, { namespace, defaultPorts: values.proxy.opaquePorts });
  if (opaque !== undefined) added[ANNOTATION.opaquePorts] = opaque;
  return added;
}

/** The operations that add these annotations, and the labels. */
export function patchMetadata(
  options: MetadataOptions,
  annotations: Readonly<Record<string, string>>,
): AddOperation[] {
  return [
    ...addEntries(options.pod, 'annotations', annotations),
    ...addEntries(options.pod, 'labels', collectLabels(options)),
  ];
}

function collectLabels({ namespace, owner, values }: MetadataOptions): Record<string, string> {
  const labels: Record<string, string> = { [LABEL.controlPlaneNs]: values.controlPlaneNamespace };
  if (owner !== undefined && LABELLED_OWNER_KINDS.includes(owner.kind)) {
    labels[`linkerd.io/proxy-${owner.kind}`] = owner.name;
  }
  labels[LABEL.workloadNs] = namespace.metadata.name;
  return labels;
}

/** Adds to a map of the metadata, and the map itself where the pod has none. */
function addEntries(
  pod: Pod,
  map: 'annotations' | 'labels',
  entries: Readonly<Record<string, string>>,
): AddOperation[] {
  const operations: AddOperation[] = [];
  if (map === 'annotations' && Object.keys(pod.metadata).length === 0) {
    operations.push({ op: 'add', path: '/metadata', value: {} });
  }
  if (Object.keys(pod.metadata[map] ?? {}).length === 0) {
    operations.push({ op: 'add', path: jsonPointer('metadata', map), value: {} });
  }
  for (const [key, value] of Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))) {
    operations.push({ op: 'add', path: pointAt(map, key), value });
  }
  return operations;
}

const pointers = { annotations: new Map<string, string>(), labels: new Map<string, string>() };

/** The path of a key, of which there are few: every pod gets the same. */
function pointAt(map: 'annotations' | 'labels', key: string): string {
  const known = pointers[map].get(key);
  if (known !== undefined) return known;
  const pointer = jsonPointer('metadata', map, key);
  pointers[map].set(key, pointer);
  return pointer;
}
