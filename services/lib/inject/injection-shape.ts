import { ANNOTATION, containerPortNames, type Namespace, type Pod, type VolumeMount } from '#lib/resources';
import { ANNOTATION_RULES, SPECIAL_ANNOTATION } from './annotation-rules.ts';
import { readPodTraits } from './parts/pod-traits.ts';
import { findServiceAccountMount } from './service-account-mount.ts';
import type { CapabilitiesValues } from './values.ts';

/** All of a pod that its proxy depends on: pods of one shape get the same containers and volumes. Plain data. */
export interface InjectionShape {
  /** The effective ones, the pod's own and inherited, that configure something. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the one annotation whose lists are merged and not replaced. */
  readonly namespaceAnnotations: Readonly<Record<string, string>>;
  readonly portNames: readonly (readonly [name: string, ports: readonly number[]])[];
  readonly hasVolumes: boolean;
  readonly hasInitContainers: boolean;
  readonly inboundPorts: string;
  readonly traceAttributes: readonly (readonly [key: string, value: string])[];
  readonly capabilities: CapabilitiesValues | undefined;
  readonly serviceAccountMount: VolumeMount | undefined;
}

const CONFIGURING: ReadonlySet<string> = new Set([
  ANNOTATION.inject,
  ANNOTATION.opaquePorts,
  ...Object.values(SPECIAL_ANNOTATION),
  ...ANNOTATION_RULES.map(({ key }) => key),
]);
const MERGED: ReadonlySet<string> = new Set([SPECIAL_ANNOTATION.additionalEnv]);

/** `annotations` are the effective ones. */
export function readInjectionShape(
  pod: Pod,
  namespace: Namespace,
  annotations: Readonly<Record<string, string>>,
): InjectionShape {
  const { inboundPorts, traceAttributes, capabilities } = readPodTraits(pod);
  return {
    annotations: pick(annotations, CONFIGURING),
    namespaceAnnotations: pick(namespace.metadata.annotations ?? {}, MERGED),
    portNames: [...containerPortNames(pod.spec)],
    hasVolumes: (pod.spec.volumes ?? []).length > 0,
    hasInitContainers: (pod.spec.initContainers ?? []).length > 0,
    inboundPorts,
    traceAttributes: [...traceAttributes],
    capabilities,
    serviceAccountMount: findServiceAccountMount(pod.spec),
  };
}

function pick(map: Readonly<Record<string, string>>, keys: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => keys.has(key)));
}
