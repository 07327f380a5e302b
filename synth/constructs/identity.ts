import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { base64, eq, not, text, trim } from '#lib/expr';
import { TRUST_ROOTS } from '#lib/inject';
import {
  IDENTITY_FLAG as FLAG,
  IDENTITY_ADMIN_PORT,
  IDENTITY_HEADLESS_SERVICE,
  IDENTITY_PORT,
  IDENTITY_SERVICE,
  IDENTITY_SERVICE_ACCOUNT,
  ISSUER_DIR,
  ISSUER_FILES,
  TRUST_ANCHORS_FILE,
} from '../../services/identity/contract.ts';
import { AWAIT_DISABLING_ENV } from '../../services/linkerd-await/contract.ts';
import { Template } from '../helm/index.ts';
import { buildController, logArgs, traceArg } from './parts/controller-container.ts';
import { buildDeployment } from './parts/deployment.ts';
import { buildDisruptionBudget } from './parts/disruption-budget.ts';
import { KUBE_API_MOUNT } from './parts/kube-api-access.ts';
import { buildMetadata } from './parts/metadata.ts';
import { ISSUER_SECRET, VOLUME } from './parts/names.ts';
import { type ControlPlaneProps, trustAnchors, trustDomain } from './parts/props.ts';
import { buildService, grpcPort } from './parts/service.ts';

const COMPONENT = 'identity';
const CHART_ISSUER = 'linkerd.io/tls';
const TRUST_ROOTS_DIR = TRUST_ANCHORS_FILE.slice(0, TRUST_ANCHORS_FILE.lastIndexOf('/'));

/** The service that gives proxies their certificates, its issuer and the trust anchors. */
export class IdentityTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'identity', props);
    const { values } = props;
    this.add(k8s.KubeSecret, buildIssuer(props), { when: eq(values.identity.issuer.scheme, CHART_ISSUER) });
    this.add(k8s.KubeConfigMap, buildTrustRoots(props), { when: not(values.identity.externalCA) });
    const port = grpcPort(IDENTITY_PORT);
    this.add(k8s.KubeService, buildService(props, { name: IDENTITY_SERVICE, component: COMPONENT, port }));
    this.add(
      k8s.KubeService,
      buildService(props, { name: IDENTITY_HEADLESS_SERVICE, component: COMPONENT, port, isHeadless: true }),
    );
    this.add(
      k8s.KubePodDisruptionBudget,
      buildDisruptionBudget(props, { name: 'linkerd-identity', component: COMPONENT }),
      { when: values.enablePodDisruptionBudget },
    );
    this.add(k8s.KubeDeployment, buildIdentity(props));
  }
}

function buildIssuer(props: ControlPlaneProps) {
  const { crtPEM, keyPEM } = props.values.identity.issuer.tls;
  const files = ISSUER_FILES[CHART_ISSUER];
  return {
    metadata: buildMetadata(props, { name: ISSUER_SECRET, component: COMPONENT }),
    data: { [files.cert]: base64(trim(crtPEM)), [files.key]: base64(trim(keyPEM)) },
  };
}

function buildTrustRoots(props: ControlPlaneProps) {
  return {
    metadata: buildMetadata(props, { name: TRUST_ROOTS.configMap, component: COMPONENT }),
    data: { [TRUST_ROOTS.key]: trim(trustAnchors(props)) },
  };
}

function buildIdentity(props: ControlPlaneProps) {
  const { values } = props;
  return buildDeployment(props, {
    component: COMPONENT,
    serviceAccount: IDENTITY_SERVICE_ACCOUNT,
    containers: [buildContainer(props)],
    volumes: [
      { name: VOLUME.issuer, secret: { secretName: ISSUER_SECRET } },
      { name: VOLUME.trustRoots, configMap: { name: TRUST_ROOTS.configMap } },
    ],
    proxyResources: values.identityProxyResources,
    podAnnotations: values.identity.podAnnotations,
  });
}

function buildContainer(props: ControlPlaneProps) {
  const { identity, identityResources } = props.values;
  return buildController(props, {
    name: 'identity',
    args: buildArgs(props),
    ports: [
      { name: 'ident-grpc', containerPort: IDENTITY_PORT },
      { name: 'ident-admin', containerPort: IDENTITY_ADMIN_PORT },
    ],
    adminPort: IDENTITY_ADMIN_PORT,
    probes: identity,
    resources: identityResources,
    // Its proxy has no certificate before identity runs.
    env: [{ name: AWAIT_DISABLING_ENV[1], value: 'identity comes before its own proxy' }],
    extraEnv: identity,
    volumeMounts: [
      { name: VOLUME.issuer, mountPath: ISSUER_DIR, readOnly: true },
      { name: VOLUME.trustRoots, mountPath: TRUST_ROOTS_DIR, readOnly: true },
      KUBE_API_MOUNT,
    ],
  });
}

function buildArgs(props: ControlPlaneProps) {
  const { values, release } = props;
  const { issuer, kubeAPI } = values.identity;
  return [
    COMPONENT,
    ...logArgs(props),
    text`-${FLAG.controllerNamespace}=${release.namespace}`,
    text`-${FLAG.trustDomain}=${trustDomain(props)}`,
    text`-${FLAG.issuanceLifetime}=${issuer.issuanceLifetime}`,
    text`-${FLAG.clockSkewAllowance}=${issuer.clockSkewAllowance}`,
    text`-${FLAG.scheme}=${issuer.scheme}`,
    text`-${FLAG.enablePprof}=${values.enablePprof}`,
    text`-${FLAG.kubeApiClientQps}=${kubeAPI.clientQPS}`,
    text`-${FLAG.kubeApiClientBurst}=${kubeAPI.clientBurst}`,
    traceArg(props),
  ];
}
