import { settle } from '#lib/expr';
import {
  ANNOTATION,
  type Container,
  containerPortNames,
  LABEL,
  type Namespace,
  type Pod,
  type Volume,
} from '#lib/resources';
import { INHERITED_ANNOTATIONS } from './annotation-rules.ts';
import { applyAnnotations } from './apply-annotations.ts';
import { type AddOperation, applyPatch, jsonPointer } from './json-patch.ts';
import { defaultOpaquePorts } from './opaque-ports.ts';
import { LABELLED_OWNER_KINDS, type PodOwner } from './owner.ts';
import { buildDebugContainer, buildValidatorContainer } from './parts/auxiliary-containers.ts';
import { type ControlPlaneComponent, shareControlPlaneMount } from './parts/control-plane.ts';
import { buildInitContainer } from './parts/init-container.ts';
import { type PodTraits, readPodTraits } from './parts/pod-traits.ts';
import { buildProxyAnnotations } from './parts/proxy-annotations.ts';
import { buildProxyContainer } from './parts/proxy-container.ts';
import { buildProxyVolumes, buildXtablesLockVolume } from './parts/volumes.ts';
import type { InjectValues } from './values.ts';

export interface InjectPodOptions {
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

export interface InjectedPod {
  readonly pod: Pod;
  /** What turns the given pod into `pod`. */
  readonly patch: readonly AddOperation[];
  /** The values with the annotations applied. */
  readonly values: InjectValues;
  readonly warnings: readonly string[];
}

/**
 * Adds a proxy to a pod that `decideInjection` lets through. Pure: the same input gives the same patch, whose
 * order is part of the contract. Source: facts sheet injection, sections 1 and 2.
 */
export function injectPod(options: InjectPodOptions): InjectedPod {
  const { pod, namespace } = options;
  const added = collectAnnotations(options);
  const annotations = { ...pod.metadata.annotations, ...added };
  const { values, warnings } = applyAnnotations(options.values, annotations, {
    portNames: containerPortNames(pod.spec),
    namespaceAnnotations: namespace.metadata.annotations ?? {},
  });
  Object.assign(added, settle<Record<string, string>>(buildProxyAnnotations(values)));
  const patch = [
    ...addEntries(pod, 'annotations', added),
    ...addEntries(pod, 'labels', collectLabels(options)),
    ...addContainers(pod, values, options.component),
  ];
  return { pod: applyPatch(pod, patch), patch, values, warnings };
}

/** What the pod gains: created-by, what it inherits, and the opaque ports it exposes. */
function collectAnnotations(options: InjectPodOptions): Record<string, string> {
  const { pod, namespace, values } = options;
  const added: Record<string, string> = {
    [ANNOTATION.createdBy]: options.createdBy ?? `linkerd/proxy-injector ${values.linkerdVersion}`,
  };
  // The namespace of the control plane says that nothing is injected there, and its pods come with a proxy.
  const inheritable = options.component === undefined ? INHERITED_ANNOTATIONS : [];
  for (const key of inheritable) {
    const inherited = namespace.metadata.annotations?.[key];
    if (inherited !== undefined && pod.metadata.annotations?.[key] === undefined) added[key] = inherited;
  }
  const opaque = defaultOpaquePorts(pod, { namespace, defaultPorts: values.proxy.opaquePorts });
  if (opaque !== undefined) added[ANNOTATION.opaquePorts] = opaque;
  return added;
}

function collectLabels({ namespace, owner, values }: InjectPodOptions): Record<string, string> {
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
    operations.push({ op: 'add', path: jsonPointer('metadata', map, key), value });
  }
  return operations;
}

function addContainers(
  pod: Pod,
  values: InjectValues,
  component: ControlPlaneComponent | undefined,
): AddOperation[] {
  const operations: AddOperation[] = [];
  const add = (path: string, value: unknown) => operations.push({ op: 'add', path: `/spec/${path}`, value });
  const traits = findTraits(pod, values, component);
  if ((pod.spec.volumes ?? []).length === 0) add('volumes', []);
  if ((pod.spec.initContainers ?? []).length === 0) add('initContainers', []);
  if (!values.cniEnabled) add('volumes/-', settle<Volume>(buildXtablesLockVolume(values)));
  const first = values.cniEnabled ? buildValidatorContainer(values) : buildInitContainer(values, traits);
  add(values.proxy.nativeSidecar ? 'initContainers/0' : 'initContainers/-', settle<Container>(first));
  if (values.proxy.enableDebugSidecar) add('containers/-', settle<Container>(buildDebugContainer(values)));
  for (const volume of settle<readonly Volume[]>(buildProxyVolumes(values))) add('volumes/-', volume);
  const proxy = buildProxyContainer({ values, traits, ...(component && { component }) });
  add(chooseProxyPath(values, component), settle<Container>(proxy));
  return operations;
}

function findTraits(pod: Pod, values: InjectValues, component: ControlPlaneComponent | undefined): PodTraits {
  const traits = readPodTraits(pod);
  if (component === undefined) return traits;
  return { ...traits, serviceAccountMount: shareControlPlaneMount(values, traits.serviceAccountMount) };
}

/** First of all init containers that stay; else first of the containers where the others have to wait. */
function chooseProxyPath({ proxy }: InjectValues, component: ControlPlaneComponent | undefined): string {
  if (proxy.nativeSidecar) return 'initContainers/1';
  const isFirst = component === undefined ? proxy.await : component !== 'identity';
  return isFirst ? 'containers/0' : 'containers/-';
}
