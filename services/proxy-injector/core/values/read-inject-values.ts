import { MeshError } from '#lib/base';
import { findInjectFailures, type InjectValues } from '#lib/inject';
import { isRecord } from '../admission-review.ts';
import { readCapabilities, readImage, readProxyValues, readSecurityContext } from './read-proxy-values.ts';
import { createValueReader, type ValueReader } from './value-reader.ts';

export interface InjectValuesPlace {
  /** The namespace of the control plane. */
  readonly namespace: string;
  /** What proxies trust, in place of `identityTrustAnchorsPEM`. */
  readonly trustAnchorsPem?: string;
}

/**
 * The values of the chart (the parsed `values` of the ConfigMap linkerd-config) as injection takes them. What the
 * chart lets be absent gets its neutral value. Throws a MeshError that names every key that cannot be used.
 * Source: facts sheet charts, section 3.9.
 */
export function readInjectValues(document: unknown, place: InjectValuesPlace): InjectValues {
  if (!isRecord(document)) throw refuseValues(['they are no map of the chart linkerd-control-plane']);
  const reader = createValueReader(document);
  const values: InjectValues = {
    controlPlaneNamespace: place.namespace,
    clusterDomain: reader.requiredText('clusterDomain'),
    clusterNetworks: reader.requiredText('clusterNetworks'),
    imagePullPolicy: reader.text('imagePullPolicy') || 'IfNotPresent',
    linkerdVersion: reader.requiredText('linkerdVersion'),
    disableIPv6: reader.boolean('disableIPv6', true),
    cniEnabled: reader.boolean('cniEnabled', false),
    identityTrustAnchorsPEM: place.trustAnchorsPem ?? reader.text('identityTrustAnchorsPEM').trim(),
    identityTrustDomain: reader.text('identityTrustDomain'),
    identity: {
      serviceAccountTokenProjection: reader.boolean('identity.serviceAccountTokenProjection', true),
    },
    proxy: readProxyValues(reader),
    proxyInit: readProxyInitValues(reader),
    networkValidator: readNetworkValidatorValues(reader),
    debugContainer: { image: readImage(reader, 'debugContainer.image') },
  };
  if (reader.problems.length > 0) throw refuseValues(reader.problems);
  const failures = findInjectFailures(values);
  if (failures.length > 0) throw refuseValues(failures);
  return values;
}

function refuseValues(problems: readonly string[]): MeshError {
  return new MeshError('LINKERD_INJECTOR_VALUES', `values: ${problems.join('; ')}.`);
}

function readProxyInitValues(reader: ValueReader): InjectValues['proxyInit'] {
  const id = { min: 0, max: 2 ** 31 - 1, fallback: 65_534 };
  return {
    iptablesMode: reader.text('proxyInit.iptablesMode'),
    ignoreInboundPorts: reader.text('proxyInit.ignoreInboundPorts'),
    ignoreOutboundPorts: reader.text('proxyInit.ignoreOutboundPorts'),
    kubeAPIServerPorts: reader.text('proxyInit.kubeAPIServerPorts'),
    skipSubnets: reader.text('proxyInit.skipSubnets'),
    logLevel: reader.text('proxyInit.logLevel'),
    logFormat: reader.text('proxyInit.logFormat'),
    closeWaitTimeoutSecs: reader.integer('proxyInit.closeWaitTimeoutSecs', { ...id, fallback: 0 }),
    privileged: reader.boolean('proxyInit.privileged', false),
    capabilities: readCapabilities(reader, 'proxyInit.capabilities'),
    runAsRoot: reader.boolean('proxyInit.runAsRoot', false),
    runAsUser: reader.integer('proxyInit.runAsUser', id),
    runAsGroup: reader.integer('proxyInit.runAsGroup', id),
    xtMountPath: {
      name: reader.requiredText('proxyInit.xtMountPath.name'),
      mountPath: reader.requiredText('proxyInit.xtMountPath.mountPath'),
    },
  };
}

function readNetworkValidatorValues(reader: ValueReader): InjectValues['networkValidator'] {
  return {
    logLevel: reader.text('networkValidator.logLevel') || 'debug',
    logFormat: reader.text('networkValidator.logFormat') || 'plain',
    connectAddr: reader.text('networkValidator.connectAddr'),
    listenAddr: reader.text('networkValidator.listenAddr'),
    timeout: reader.text('networkValidator.timeout') || '10s',
    securityContext: readSecurityContext(reader, 'networkValidator.securityContext'),
    enableSecurityContext: reader.boolean('networkValidator.enableSecurityContext', true),
  };
}
