import { settle } from '#lib/expr';
import type { Container, Volume } from '#lib/resources';
import { applyAnnotations } from './apply-annotations.ts';
import type { InjectionShape } from './injection-shape.ts';
import type { AddOperation } from './json-patch.ts';
import { buildDebugContainer, buildValidatorContainer } from './parts/auxiliary-containers.ts';
import { type ControlPlaneComponent, shareControlPlaneMount } from './parts/control-plane.ts';
import { buildInitContainer } from './parts/init-container.ts';
import type { PodTraits } from './parts/pod-traits.ts';
import { buildProxyAnnotations } from './parts/proxy-annotations.ts';
import { buildProxyContainer } from './parts/proxy-container.ts';
import { buildProxyVolumes, buildXtablesLockVolume } from './parts/volumes.ts';
import type { InjectValues } from './values.ts';

/** What pods of one shape get. */
export interface SpecPatch {
  /** On `/spec`, in the order of the contract. */
  readonly operations: readonly AddOperation[];
  /** What the pod's annotations say of its proxy. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The values with the annotations applied. */
  readonly values: InjectValues;
  readonly warnings: readonly string[];
}

/** The containers and volumes for pods of that shape. Source: facts sheet injection, sections 1 and 2. */
export function buildSpecPatch(
  shape: InjectionShape,
  defaults: InjectValues,
  component?: ControlPlaneComponent,
): SpecPatch {
  const { values, warnings } = applyAnnotations(defaults, shape.annotations, {
    portNames: new Map(shape.portNames),
    namespaceAnnotations: shape.namespaceAnnotations,
  });
  return {
    operations: addContainers(shape, values, component),
    annotations: settle<Record<string, string>>(buildProxyAnnotations(values)),
    values,
    warnings,
  };
}

function addContainers(
  shape: InjectionShape,
  values: InjectValues,
  component: ControlPlaneComponent | undefined,
): AddOperation[] {
  const operations: AddOperation[] = [];
  const add = (path: string, value: unknown) => operations.push({ op: 'add', path: `/spec/${path}`, value });
  const traits = findTraits(shape, values, component);
  if (!shape.hasVolumes) add('volumes', []);
  if (!shape.hasInitContainers) add('initContainers', []);
  if (!values.cniEnabled) add('volumes/-', settle<Volume>(buildXtablesLockVolume(values)));
  const first = values.cniEnabled ? buildValidatorContainer(values) : buildInitContainer(values, traits);
  add(values.proxy.nativeSidecar ? 'initContainers/0' : 'initContainers/-', settle<Container>(first));
  if (values.proxy.enableDebugSidecar) add('containers/-', settle<Container>(buildDebugContainer(values)));
  for (const volume of settle<readonly Volume[]>(buildProxyVolumes(values))) add('volumes/-', volume);
  const proxy = buildProxyContainer({ values, traits, ...(component && { component }) });
  add(chooseProxyPath(values, component), settle<Container>(proxy));
  return operations;
}

function findTraits(
  { inboundPorts, traceAttributes, capabilities, serviceAccountMount }: InjectionShape,
  values: InjectValues,
  component: ControlPlaneComponent | undefined,
): PodTraits {
  const mount =
    component === undefined ? serviceAccountMount : shareControlPlaneMount(values, serviceAccountMount);
  return {
    inboundPorts,
    capabilities,
    traceAttributes: new Map(traceAttributes),
    serviceAccountMount: mount,
  };
}

/** First of all init containers that stay; else first of the containers where the others have to wait. */
function chooseProxyPath({ proxy }: InjectValues, component: ControlPlaneComponent | undefined): string {
  if (proxy.nativeSidecar) return 'initContainers/1';
  const isFirst = component === undefined ? proxy.await : component !== 'identity';
  return isFirst ? 'containers/0' : 'containers/-';
}
