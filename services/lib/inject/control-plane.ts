import { ANNOTATION } from '#lib/resources';
import {
  DESTINATION_ADMIN_PORT,
  DESTINATION_HEADLESS_SERVICE,
  DESTINATION_PORT,
  DESTINATION_SERVICE_ACCOUNT,
} from '../../destination/contract.ts';
import {
  IDENTITY_ADMIN_PORT,
  IDENTITY_HEADLESS_SERVICE,
  IDENTITY_PORT,
  IDENTITY_SERVICE_ACCOUNT,
} from '../../identity/contract.ts';
import { POLICY_ADMIN_PORT, POLICY_PORT, POLICY_SERVICE } from '../../policy/contract.ts';
import { type InjectValues, trustDomainOf } from './values.ts';

/** A pod of the control plane: its proxy speaks to what runs beside it on localhost. */
export type ControlPlaneComponent = 'identity' | 'destination' | 'proxy-injector';

/** The webhook and admin ports that share the pods of destination and the injector. */
const VALIDATOR_PORTS = [8443, 9443, 9997];
const INJECTOR_PORTS = [8443, 9995];

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

/**
 * The values for the proxy of a control-plane pod. It must come up before there is a control plane, so it
 * waits for nobody in the identity pod, takes the anchors from their ConfigMap, and leaves the Kubernetes API
 * alone. Source: facts sheet charts, section 3.4.
 */
export function controlPlaneValues(values: InjectValues, component: ControlPlaneComponent): InjectValues {
  const isIdentity = component === 'identity';
  return {
    ...values,
    proxy: {
      ...values.proxy,
      podInboundPorts: INBOUND_PORTS[component].join(','),
      requireTLSOnInboundPorts: isIdentity ? String(IDENTITY_PORT) : '',
      defaultInboundPolicy: 'all-unauthenticated',
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

/**
 * The settings that a control-plane pod carries for the policy and destination services: whatever the mesh's
 * default policy is, it can be reached. Source: facts sheet charts, section 1.
 */
export function controlPlaneAnnotations(component: ControlPlaneComponent): Record<string, string> {
  return {
    [ANNOTATION.defaultInboundPolicy]: 'all-unauthenticated',
    ...(component === 'proxy-injector' && { [ANNOTATION.opaquePorts]: '8443' }),
  };
}

/** Where a proxy finds the control plane, with the trailing dot of an absolute name, and whom it expects there. */
export interface ControlPlanePeer {
  readonly address: string;
  readonly identity: string;
}

export interface ControlPlanePeers {
  readonly identity: ControlPlanePeer;
  readonly destination: ControlPlanePeer;
  readonly policy: ControlPlanePeer;
}

/** The three services a proxy depends on, as seen from a pod of `component` (none for a workload). */
export function controlPlanePeers(
  values: InjectValues,
  component?: ControlPlaneComponent,
): ControlPlanePeers {
  const address = (service: string, port: number, owner: ControlPlaneComponent) =>
    component === owner
      ? `localhost.:${port}`
      : `${service}.${values.controlPlaneNamespace}.svc.${values.clusterDomain}.:${port}`;
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
  values: InjectValues,
  of: { readonly serviceAccount: string; readonly namespace: string },
): string {
  const suffix = `${values.controlPlaneNamespace}.${trustDomainOf(values)}`;
  return `${of.serviceAccount}.${of.namespace}.serviceaccount.identity.${suffix}`;
}
