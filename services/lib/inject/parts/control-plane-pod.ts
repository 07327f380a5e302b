import { type Deferred, isSet, type ListPart, not, type Value, when } from '#lib/expr';
import { type Container, LABEL, type Volume, type VolumeMount } from '#lib/resources';
import type { InjectValues } from '../values.ts';
import { buildValidatorContainer } from './auxiliary-containers.ts';
import {
  type ControlPlaneComponent,
  controlPlaneAnnotations,
  controlPlaneValues,
  type ProxyResourceOverrides,
  shareControlPlaneMount,
} from './control-plane.ts';
import { buildInitContainer } from './init-container.ts';
import type { PodTraits } from './pod-traits.ts';
import { buildProxyAnnotations } from './proxy-annotations.ts';
import { buildProxyContainer } from './proxy-container.ts';
import { buildProxyVolumes, buildXtablesLockVolume } from './volumes.ts';

export interface ControlPlanePodOptions {
  /** Of the mesh: what is peculiar to the component is written over them here. */
  readonly values: Deferred<InjectValues>;
  readonly component: ControlPlaneComponent;
  readonly containers: readonly ListPart<Container>[];
  readonly initContainers?: readonly ListPart<Container>[];
  readonly volumes: readonly ListPart<Volume>[];
  /** Where the component's containers have the token of the service account. */
  readonly serviceAccountMount?: VolumeMount;
  /** The chart's `<component>ProxyResources`. */
  readonly proxyResources?: Deferred<ProxyResourceOverrides>;
}

/** Parts of a Deployment's pod template. Labels and annotations are only those that the proxy is the reason for. */
export interface ControlPlanePod {
  readonly labels: Readonly<Record<string, Value<string>>>;
  readonly annotations: Readonly<Record<string, Value<string>>>;
  readonly initContainers: readonly ListPart<Container>[];
  readonly containers: readonly ListPart<Container>[];
  readonly volumes: readonly ListPart<Volume>[];
}

/** A control-plane pod with its proxy. Source: facts sheet charts, sections 1 and 3.4. */
export function buildControlPlanePod(options: ControlPlanePodOptions): ControlPlanePod {
  const { component, containers, volumes, initContainers = [], proxyResources = {} } = options;
  const values = controlPlaneValues(options.values, component, { proxyResources });
  const traits = controlPlaneTraits(values, options.serviceAccountMount);
  const proxyAs = (nativeSidecar: boolean) =>
    buildProxyContainer({
      values: { ...values, proxy: { ...values.proxy, nativeSidecar } },
      traits,
      component,
    });
  const isNative = isSet(values.proxy.nativeSidecar);
  const proxy = when(not(isNative), proxyAs(false));
  const redirect = when(
    isSet(values.cniEnabled),
    buildValidatorContainer(values),
    buildInitContainer(values, traits),
  );
  return {
    labels: buildLabels(values, component),
    annotations: { ...buildProxyAnnotations(values), ...controlPlaneAnnotations(component) },
    initContainers: buildInitContainers(redirect, proxyAs(true), { own: initContainers, isNative }),
    // Nobody waits for the proxy of the identity pod, which gets its certificate from beside it.
    containers: component === 'identity' ? [...containers, proxy] : [proxy, ...containers],
    volumes: [
      ...volumes,
      when(not(isSet(values.cniEnabled)), buildXtablesLockVolume(values)),
      ...buildProxyVolumes(values),
    ],
  };
}

/** A native sidecar and what it needs come before all others, so that theirs is proxied traffic too. */
function buildInitContainers(
  redirect: ListPart<Container>,
  proxy: ListPart<Container>,
  { own, isNative }: { readonly own: readonly ListPart<Container>[]; readonly isNative: Value<boolean> },
): readonly ListPart<Container>[] {
  if (own.length === 0) return [redirect, when(isNative, proxy)];
  return [when(isNative, [redirect, proxy]), ...own, when(not(isNative), redirect)];
}

/** The controllers drop every capability, and have no labels or annotations that say how to trace them. */
function controlPlaneTraits(values: Deferred<InjectValues>, mount: VolumeMount | undefined): PodTraits {
  return {
    inboundPorts: '',
    serviceAccountMount: shareControlPlaneMount(values, mount),
    capabilities: { drop: ['ALL'] },
    traceAttributes: new Map(),
  };
}

function buildLabels(
  values: Deferred<InjectValues>,
  component: ControlPlaneComponent,
): Readonly<Record<string, Value<string>>> {
  return {
    [LABEL.controlPlaneComponent]: component,
    [LABEL.controlPlaneNs]: values.controlPlaneNamespace,
    [LABEL.proxyDeployment]: `linkerd-${component}`,
    [LABEL.workloadNs]: values.controlPlaneNamespace,
  };
}
