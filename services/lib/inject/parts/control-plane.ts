import { type Deferred, defaultTo, isSet, type ListPart, not, text, type Value, when } from '#lib/expr';
import { ANNOTATION, type VolumeMount } from '#lib/resources';
import {
  DESTINATION_ADMIN_PORT,
  DESTINATION_HEADLESS_SERVICE,
  DESTINATION_PORT,
  DESTINATION_SERVICE_ACCOUNT,
} from '../../../destination/contract.ts';
import {
  IDENTITY_ADMIN_PORT,
  IDENTITY_HEADLESS_SERVICE,
  IDENTITY_PORT,
  IDENTITY_SERVICE_ACCOUNT,
} from '../../../identity/contract.ts';
import { POLICY_ADMIN_PORT, POLICY_PORT, POLICY_SERVICE } from '../../../policy/contract.ts';
import { type InjectValues, type ResourcesValues, trustDomainOf } from '../values.ts';

/** A pod of the control plane: its proxy speaks to what runs beside it on localhost. */
export type ControlPlaneComponent = 'identity' | 'destination' | 'proxy-injector';

/** The webhook and admin ports that share the pods of destination and the injector. */
const VALIDATOR_PORTS = [8443, 9443, 9997];
const INJECTOR_PORTS = [8443, 9995];

/** What every control-plane pod says in its annotations as in its environment. */
const DEFAULT_POLICY = 'all-unauthenticated';
/** The API server speaks TLS to the webhook. */
const INJECTOR_OPAQUE_PORTS = '8443';

const INBOUND_PORTS: Readonly<Record<ControlPlaneComponent, readonly number[]>> = {
  identity: [IDENTITY_PORT, IDENTITY_ADMIN_PORT],
  destination: [
    DESTINATION_PORT,
    POLICY_PORT,
    POLICY_ADMIN_PORT,
    DESTINATION_ADMIN_PORT,
    ...VALIDATOR_PORTS,
  ].sort((a, b) => a - b),
  'proxy-injector': INJECTOR_PORTS,
};

/** Resources of one component's proxy, each over the same one of `proxy.resources`; `cores` over `proxy.cores`. */
export type ProxyResourceOverrides = {
  readonly [Resource in keyof ResourcesValues]?: {
    readonly limit?: string | null | undefined;
    readonly request?: string | null | undefined;
  };
} & { readonly cores?: number | null | undefined };

export interface ControlPlaneValuesOptions {
  readonly proxyResources?: Deferred<ProxyResourceOverrides>;
}

/**
 * The values for the proxy of a control-plane pod; plain ones for plain ones. It must come up before there is a
 * control plane, so it waits for nobody in the identity pod, takes the anchors from their ConfigMap, and leaves the
 * Kubernetes API alone. Source: facts sheet charts, section 3.4.
 */
export function controlPlaneValues(values: InjectValues, component: ControlPlaneComponent): InjectValues;
export function controlPlaneValues(
  values: Deferred<InjectValues>,
  component: ControlPlaneComponent,
  options?: ControlPlaneValuesOptions,
): Deferred<InjectValues>;
export function controlPlaneValues(
  values: Deferred<InjectValues>,
  component: ControlPlaneComponent,
  { proxyResources = {} }: ControlPlaneValuesOptions = {},
): Deferred<InjectValues> {
  const isIdentity = component === 'identity';
  return {
    ...values,
    proxy: {
      ...values.proxy,
      cores: defaultTo(proxyResources.cores, values.proxy.cores),
      resources: mergeResources(values.proxy.resources, proxyResources),
      podInboundPorts: INBOUND_PORTS[component].join(','),
      requireTLSOnInboundPorts: isIdentity ? String(IDENTITY_PORT) : '',
      defaultInboundPolicy: DEFAULT_POLICY,
      opaquePorts: component === 'proxy-injector' ? INJECTOR_OPAQUE_PORTS : values.proxy.opaquePorts,
      outboundDiscoveryCacheUnusedTimeout: '5s',
      inboundDiscoveryCacheUnusedTimeout: '90s',
      capabilities: { drop: ['ALL'] },
      loadTrustBundleFromConfigMap: true,
      waitBeforeExitSeconds: 0,
      await: isIdentity ? false : values.proxy.await,
      nativeSidecar: isIdentity ? false : values.proxy.nativeSidecar,
    },
    proxyInit: { ...values.proxyInit, ignoreOutboundPorts: values.proxyInit.kubeAPIServerPorts },
  };
}

function mergeResources(
  resources: Deferred<ResourcesValues>,
  overrides: Deferred<ProxyResourceOverrides>,
): Deferred<ResourcesValues> {
  const merge = (name: keyof ResourcesValues) => ({
    limit: defaultTo(overrides[name]?.limit, resources[name].limit),
    request: defaultTo(overrides[name]?.request, resources[name].request),
  });
  return { cpu: merge('cpu'), memory: merge('memory'), 'ephemeral-storage': merge('ephemeral-storage') };
}

/**
 * The settings that a control-plane pod carries for the policy and destination services: whatever the mesh's
 * default policy is, it can be reached. Source: facts sheet charts, section 1.
 */
export function controlPlaneAnnotations(component: ControlPlaneComponent): Record<string, string> {
  return {
    [ANNOTATION.defaultInboundPolicy]: DEFAULT_POLICY,
    ...(component === 'proxy-injector' && { [ANNOTATION.opaquePorts]: INJECTOR_OPAQUE_PORTS }),
  };
}

/** The account of a controller may do more than its proxy has to, which gets that token only for want of its own. */
export function shareControlPlaneMount(
  values: Deferred<InjectValues>,
  mount: ListPart<VolumeMount>,
): ListPart<VolumeMount> {
  return when(not(isSet(values.identity.serviceAccountTokenProjection)), mount);
}

/** Where a proxy finds the control plane, with the trailing dot of an absolute name, and whom it expects there. */
export interface ControlPlanePeer {
  readonly address: Value<string>;
  readonly identity: Value<string>;
}

export interface ControlPlanePeers {
  readonly identity: ControlPlanePeer;
  readonly destination: ControlPlanePeer;
  readonly policy: ControlPlanePeer;
}

/** The three services a proxy depends on, as seen from a pod of `component` (none for a workload). */
export function controlPlanePeers(
  values: Deferred<InjectValues>,
  component?: ControlPlaneComponent,
): ControlPlanePeers {
  const address = (service: string, port: number, owner: ControlPlaneComponent) =>
    component === owner
      ? `localhost.:${port}`
      : text`${service}.${values.controlPlaneNamespace}.svc.${values.clusterDomain}.:${port}`;
  const destinationIdentity = identityOf(values, {
    serviceAccount: DESTINATION_SERVICE_ACCOUNT,
    namespace: values.controlPlaneNamespace,
  });
  return {
    identity: {
      address: address(IDENTITY_HEADLESS_SERVICE, IDENTITY_PORT, 'identity'),
      identity: identityOf(values, {
        serviceAccount: IDENTITY_SERVICE_ACCOUNT,
        namespace: values.controlPlaneNamespace,
      }),
    },
    destination: {
      address: address(DESTINATION_HEADLESS_SERVICE, DESTINATION_PORT, 'destination'),
      identity: destinationIdentity,
    },
    policy: { address: address(POLICY_SERVICE, POLICY_PORT, 'destination'), identity: destinationIdentity },
  };
}

/** `SA.NS.serviceaccount.identity.CONTROL-PLANE-NS.TRUST-DOMAIN`; the parts may be `$(variables)`. */
export function identityOf(
  values: Deferred<InjectValues>,
  of: { readonly serviceAccount: Value<string>; readonly namespace: Value<string> },
): Value<string> {
  const suffix = text`${values.controlPlaneNamespace}.${trustDomainOf(values)}`;
  return text`${of.serviceAccount}.${of.namespace}.serviceaccount.identity.${suffix}`;
}
