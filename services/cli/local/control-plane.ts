import type { ConfigMap, Container, Deployment, KubeObject, PodSpec, Volume } from '#lib/resources';
import {
  type ControlPlaneValues,
  completeControlPlaneValues,
  KUBE_API_VOLUME_NAME,
  renderControlPlane,
} from '../../../synth/index.ts';
import { IDENTITY_ENV_PREFIX } from '../../identity/contract.ts';
import { CONTROL_PLANE_NAMESPACE } from './core/names.ts';
import type { MeshCredentials } from './credentials.ts';

const JWKS_CONFIG_MAP = 'linkerd-local-jwks';
const JWKS_DIR = '/var/run/linkerd/identity/jwks';
const STATE_DIR = '/var/run/linkerd/state';
/** A machine that builds and tests is slow at times. */
const PROBE = { livenessProbe: { timeoutSeconds: 5 }, readinessProbe: { timeoutSeconds: 5 } };

export interface ControlPlaneOptions {
  readonly clusterDomain: string;
  readonly trustDomain: string;
  /** Where probes come from: they are let through whatever a policy says. */
  readonly probeNetworks: string;
  readonly credentials: MeshCredentials;
  /** How long a workload's certificate is valid, as a Go duration. */
  readonly issuanceLifetime: string;
  /** How much longer, and from how long ago, for clocks that differ. */
  readonly clockSkewAllowance: string;
  readonly version: string;
  readonly controllerLogLevel: string;
  /** Undefined: the chart's. */
  readonly proxyLogLevel: string | undefined;
  /** The keys that service account tokens are signed with. */
  readonly jwks: string;
  /** The folder of cluster state on the host. */
  readonly stateDir: string;
}

/** The complete values of the chart, as the mesh's own proxies and the injected ones are made with. */
export function completeValues(options: ControlPlaneOptions): ControlPlaneValues {
  return completeControlPlaneValues(chartValues(options));
}

/**
 * The control plane: what Helm would install on a cluster, rendered directly, without what only a Kubernetes API has a
 * use for, and told to read the folder of cluster state where it would ask that API.
 */
export function buildControlPlane(options: ControlPlaneOptions): readonly KubeObject[] {
  const objects = renderControlPlane({ namespace: CONTROL_PLANE_NAMESPACE, values: [chartValues(options)] });
  return [...objects.filter(isOfUse).map((object) => adapt(object, options)), buildJwks(options.jwks)];
}

function chartValues(options: ControlPlaneOptions): unknown {
  const { credentials, controllerLogLevel } = options;
  return {
    clusterDomain: options.clusterDomain,
    identityTrustDomain: options.trustDomain,
    identityTrustAnchorsPEM: credentials.trustAnchorsPem,
    linkerdVersion: options.version,
    controllerLogLevel,
    ...(options.proxyLogLevel !== undefined && { proxy: { logLevel: options.proxyLogLevel } }),
    identity: {
      ...PROBE,
      issuer: {
        issuanceLifetime: options.issuanceLifetime,
        clockSkewAllowance: options.clockSkewAllowance,
        tls: { crtPEM: credentials.issuerCertPem, keyPEM: credentials.issuerKeyPem },
      },
      additionalEnv: [{ name: `${IDENTITY_ENV_PREFIX}TOKEN_JWKS`, value: `${JWKS_DIR}/jwks.json` }],
    },
    destinationController: { ...PROBE, additionalArgs: [`-manifests=${STATE_DIR}`] },
    policyController: {
      ...PROBE,
      logLevel: controllerLogLevel,
      probeNetworks: [options.probeNetworks],
      additionalArgs: [`--manifests=${STATE_DIR}`],
    },
  };
}

const KINDS_OF_USE: readonly string[] = [
  'Namespace',
  'ServiceAccount',
  'ConfigMap',
  'Secret',
  'Service',
  'Deployment',
];

/** Pods are injected by local mode itself. */
function isOfUse({ kind, metadata }: KubeObject): boolean {
  return KINDS_OF_USE.includes(kind) && metadata.name !== 'linkerd-proxy-injector';
}

function adapt(object: KubeObject, { stateDir }: ControlPlaneOptions): KubeObject {
  if (object.kind !== 'Deployment') return object;
  const deployment = object as Deployment;
  const { template } = deployment.spec;
  const spec = mount(
    template.spec,
    object.metadata.name === 'linkerd-identity' ? JWKS : stateVolume(stateDir),
  );
  return { ...deployment, spec: { ...deployment.spec, template: { ...template, spec } } } as KubeObject;
}

interface MountedVolume {
  readonly volume: Volume;
  readonly path: string;
}

const JWKS: MountedVolume = {
  volume: { name: 'jwks', configMap: { name: JWKS_CONFIG_MAP } },
  path: JWKS_DIR,
};

function stateVolume(stateDir: string): MountedVolume {
  return { volume: { name: 'state', hostPath: { path: stateDir } }, path: STATE_DIR };
}

/** Every container sees the volume in place of what it needs to speak to a Kubernetes API, which is not here. */
function mount(spec: PodSpec, { volume, path }: MountedVolume): PodSpec {
  const exchange = (container: Container): Container => ({
    ...container,
    volumeMounts: [
      ...(container.volumeMounts ?? []).filter(({ name }) => name !== KUBE_API_VOLUME_NAME),
      { name: volume.name, mountPath: path, readOnly: true },
    ],
  });
  return {
    ...spec,
    containers: spec.containers.map(exchange),
    volumes: [...(spec.volumes ?? []).filter(({ name }) => name !== KUBE_API_VOLUME_NAME), volume],
  };
}

function buildJwks(jwks: string): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: JWKS_CONFIG_MAP, namespace: CONTROL_PLANE_NAMESPACE },
    data: { 'jwks.json': jwks },
  };
}
