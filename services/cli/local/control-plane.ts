import type {
  ConfigMap,
  Container,
  ContainerPort,
  Deployment,
  KubeObject,
  Namespace,
  Secret,
  Service,
  ServiceAccount,
  Volume,
  VolumeMount,
} from '#lib/resources';
import { LABEL } from '#lib/resources';
import {
  DESTINATION_ADMIN_PORT,
  DESTINATION_HEADLESS_SERVICE,
  DESTINATION_PORT,
  DESTINATION_SERVICE,
  DESTINATION_SERVICE_ACCOUNT,
} from '../../destination/contract.ts';
import {
  IDENTITY_ADMIN_PORT,
  IDENTITY_HEADLESS_SERVICE,
  IDENTITY_PORT,
  IDENTITY_SERVICE,
  IDENTITY_SERVICE_ACCOUNT,
  ISSUER_DIR,
  TRUST_ANCHORS_FILE,
} from '../../identity/contract.ts';
import { POLICY_ADMIN_PORT, POLICY_PORT, POLICY_SERVICE } from '../../policy/contract.ts';
import type { MeshCredentials } from './credentials.ts';

export const CONTROL_PLANE_NAMESPACE = 'linkerd';
const TRUST_ROOTS_CONFIG_MAP = 'linkerd-identity-trust-roots';
const ISSUER_SECRET = 'linkerd-identity-issuer';
const JWKS_CONFIG_MAP = 'linkerd-local-jwks';
const JWKS_DIR = '/var/run/linkerd/identity/jwks';
const STATE_DIR = '/var/run/linkerd/state';
/** The user of control-plane containers, as in the chart. */
const CONTROLLER_UID = 2103;
const CONTROLLER_IMAGE = 'cr.l5d.io/linkerd/controller';

export interface ControlPlaneOptions {
  readonly clusterDomain: string;
  readonly trustDomain: string;
  readonly clusterNetworks: string;
  /** Where probes come from: they are let through whatever a policy says. */
  readonly probeNetworks: string;
  readonly credentials: MeshCredentials;
  /** How long a workload's certificate is valid, as a Go duration. */
  readonly issuanceLifetime: string;
  /** How much longer, and from how long ago, for clocks that differ. */
  readonly clockSkewAllowance: string;
  /** The keys that service account tokens are signed with. */
  readonly jwks: string;
  /** The folder of cluster state on the host. */
  readonly stateDir: string;
  readonly logLevel: string;
}

/** The control plane as ordinary objects: the same programs and services as on a cluster. */
export function buildControlPlane(options: ControlPlaneOptions): readonly KubeObject[] {
  return [
    buildNamespace(),
    buildServiceAccount(IDENTITY_SERVICE_ACCOUNT),
    buildServiceAccount(DESTINATION_SERVICE_ACCOUNT),
    buildConfigMap(TRUST_ROOTS_CONFIG_MAP, { 'ca-bundle.crt': options.credentials.trustAnchorsPem }),
    buildConfigMap(JWKS_CONFIG_MAP, { 'jwks.json': options.jwks }),
    buildIssuerSecret(options.credentials),
    buildIdentity(options),
    buildDestination(options),
    buildService(IDENTITY_SERVICE, {
      component: 'identity',

      port: IDENTITY_PORT,
      headless: false,
    }),
    buildService(IDENTITY_HEADLESS_SERVICE, {
      component: 'identity',

      port: IDENTITY_PORT,
      headless: true,
    }),
    buildService(DESTINATION_SERVICE, {
      component: 'destination',

      port: DESTINATION_PORT,
      headless: false,
    }),
    buildService(DESTINATION_HEADLESS_SERVICE, {
      component: 'destination',

      port: DESTINATION_PORT,
      headless: true,
    }),
    buildService(POLICY_SERVICE, {
      component: 'destination',

      port: POLICY_PORT,
      headless: true,
    }),
  ];
}

function buildIdentity(options: ControlPlaneOptions): Deployment {
  const container = buildContainer({
    name: 'identity',
    args: [
      'identity',
      `-log-level=${options.logLevel}`,
      `-controller-namespace=${CONTROL_PLANE_NAMESPACE}`,
      `-identity-trust-domain=${options.trustDomain}`,
      `-identity-issuance-lifetime=${options.issuanceLifetime}`,
      `-identity-clock-skew-allowance=${options.clockSkewAllowance}`,
      '-identity-scheme=kubernetes.io/tls',
      `-token-jwks=${JWKS_DIR}/jwks.json`,
    ],
    ports: [port('ident-grpc', IDENTITY_PORT), port('ident-admin', IDENTITY_ADMIN_PORT)],
    adminPort: IDENTITY_ADMIN_PORT,
    livePath: '/ping',
    volumeMounts: [
      { name: 'identity-issuer', mountPath: ISSUER_DIR },
      { name: 'trust-roots', mountPath: TRUST_ANCHORS_FILE.slice(0, TRUST_ANCHORS_FILE.lastIndexOf('/')) },
      { name: 'jwks', mountPath: JWKS_DIR },
    ],
  });
  return buildDeployment('identity', {
    serviceAccount: IDENTITY_SERVICE_ACCOUNT,
    containers: [container],
    volumes: [
      { name: 'identity-issuer', secret: { secretName: ISSUER_SECRET } },
      { name: 'trust-roots', configMap: { name: TRUST_ROOTS_CONFIG_MAP } },
      { name: 'jwks', configMap: { name: JWKS_CONFIG_MAP } },
    ],
  });
}

function buildDestination(options: ControlPlaneOptions): Deployment {
  const volumeMounts = [{ name: 'state', mountPath: STATE_DIR, readOnly: true }];
  const destination = buildContainer({
    name: 'destination',
    args: [
      'destination',
      `-log-level=${options.logLevel}`,
      `-controller-namespace=${CONTROL_PLANE_NAMESPACE}`,
      `-cluster-domain=${options.clusterDomain}`,
      `-identity-trust-domain=${options.trustDomain}`,
      '-outbound-transport-mode=transport-header',
      '-enable-ipv6=false',
      `-manifests=${STATE_DIR}`,
    ],
    ports: [port('dest-grpc', DESTINATION_PORT), port('dest-admin', DESTINATION_ADMIN_PORT)],
    adminPort: DESTINATION_ADMIN_PORT,
    livePath: '/ping',
    volumeMounts,
  });
  const policy = buildContainer({
    name: 'policy',
    args: [
      'policy',
      `--log-level=${options.logLevel}`,
      `--control-plane-namespace=${CONTROL_PLANE_NAMESPACE}`,
      `--cluster-domain=${options.clusterDomain}`,
      `--identity-domain=${options.trustDomain}`,
      `--cluster-networks=${options.clusterNetworks}`,
      `--probe-networks=${options.probeNetworks}`,
      `--manifests=${STATE_DIR}`,
    ],
    ports: [port('policy-grpc', POLICY_PORT), port('policy-admin', POLICY_ADMIN_PORT)],
    adminPort: POLICY_ADMIN_PORT,
    livePath: '/live',
    volumeMounts,
  });
  return buildDeployment('destination', {
    serviceAccount: DESTINATION_SERVICE_ACCOUNT,
    containers: [destination, policy],
    volumes: [{ name: 'state', hostPath: { path: options.stateDir } }],
  });
}

interface ContainerParts {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly ContainerPort[];
  readonly adminPort: number;
  readonly livePath: string;
  readonly volumeMounts: readonly VolumeMount[];
}

function buildContainer(parts: ContainerParts): Container {
  const { name, args, ports, volumeMounts, adminPort } = parts;
  return {
    name,
    image: CONTROLLER_IMAGE,
    args,
    ports,
    volumeMounts,
    livenessProbe: {
      httpGet: { path: parts.livePath, port: adminPort },
      initialDelaySeconds: 10,
      timeoutSeconds: 5,
    },
    readinessProbe: { httpGet: { path: '/ready', port: adminPort }, failureThreshold: 7, timeoutSeconds: 5 },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      runAsUser: CONTROLLER_UID,
    },
  };
}

function port(name: string, containerPort: number): ContainerPort {
  return { name, containerPort };
}

type Component = 'identity' | 'destination';

interface DeploymentParts {
  readonly serviceAccount: string;
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

function buildDeployment(component: Component, parts: DeploymentParts): Deployment {
  const labels = {
    [LABEL.controlPlaneComponent]: component,
    [LABEL.controlPlaneNs]: CONTROL_PLANE_NAMESPACE,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `linkerd-${component}`, namespace: CONTROL_PLANE_NAMESPACE, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: parts.serviceAccount,
          containers: parts.containers,
          volumes: parts.volumes,
        },
      },
    },
  };
}

interface ServiceParts {
  readonly component: Component;
  readonly port: number;
  readonly headless: boolean;
}

function buildService(name: string, parts: ServiceParts): Service {
  const labels = { [LABEL.controlPlaneComponent]: parts.component };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: CONTROL_PLANE_NAMESPACE,
      labels: { ...labels, [LABEL.controlPlaneNs]: CONTROL_PLANE_NAMESPACE },
    },
    spec: {
      ...(parts.headless ? { clusterIP: 'None' } : {}),
      selector: labels,
      ports: [{ name: 'grpc', port: parts.port, targetPort: parts.port }],
    },
  };
}

function buildNamespace(): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: CONTROL_PLANE_NAMESPACE, labels: { [LABEL.isControlPlane]: 'true' } },
  };
}

function buildServiceAccount(name: string): ServiceAccount {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: CONTROL_PLANE_NAMESPACE } };
}

function buildConfigMap(name: string, data: Readonly<Record<string, string>>): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: CONTROL_PLANE_NAMESPACE },
    data,
  };
}

function buildIssuerSecret(credentials: MeshCredentials): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: ISSUER_SECRET, namespace: CONTROL_PLANE_NAMESPACE },
    type: 'kubernetes.io/tls',
    stringData: {
      'ca.crt': credentials.trustAnchorsPem,
      'tls.crt': credentials.issuerCertPem,
      'tls.key': credentials.issuerKeyPem,
    },
  };
}
