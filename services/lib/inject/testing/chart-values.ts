import { controlPlaneDefaults } from '../../../../synth/index.ts';
import type { InjectValues } from '../values.ts';

/** The values that the tests start from: those of the chart that injection depends on, where nobody says anything. */
export function fixtureValues(): InjectValues {
  const values = controlPlaneDefaults();
  // Keys that the chart takes and injection has no use for.
  const { component, outboundTransportMode, saMountPath, workloadKind, ...proxy } = values.proxy;
  return {
    controlPlaneNamespace: 'linkerd',
    clusterDomain: values.clusterDomain,
    clusterNetworks: values.clusterNetworks,
    imagePullPolicy: values.imagePullPolicy,
    linkerdVersion: 'dev',
    disableIPv6: values.disableIPv6,
    cniEnabled: values.cniEnabled,
    identityTrustAnchorsPEM: values.identityTrustAnchorsPEM,
    identityTrustDomain: values.identityTrustDomain,
    identity: { serviceAccountTokenProjection: values.identity.serviceAccountTokenProjection },
    proxy,
    proxyInit: values.proxyInit,
    networkValidator: values.networkValidator,
    debugContainer: values.debugContainer,
  };
}
