import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { choose, sha256, text, trim } from '#lib/expr';
import { TRUST_ROOTS } from '#lib/inject';
import { ANNOTATION } from '#lib/resources';
import {
  PROXY_INJECTOR_FLAG as FLAG,
  INJECTOR_CONFIG_DIR,
  INJECTOR_TRUST_ROOTS_DIR,
  PROXY_INJECTOR_ADMIN_PORT,
  PROXY_INJECTOR_NAME,
  PROXY_INJECTOR_PORT,
  PROXY_INJECTOR_SERVICE_PORT,
} from '../../services/proxy-injector/contract.ts';
import { Template } from '../helm/index.ts';
import { buildController, logArgs } from './parts/controller-container.ts';
import { buildDeployment } from './parts/deployment.ts';
import { buildDisruptionBudget } from './parts/disruption-budget.ts';
import { KUBE_API_MOUNT } from './parts/kube-api-access.ts';
import { CONFIG_MAP, VOLUME } from './parts/names.ts';
import type { ControlPlaneProps } from './parts/props.ts';
import { buildService } from './parts/service.ts';
import { isCertificateGiven } from './parts/webhook.ts';

const COMPONENT = 'proxy-injector';

/** The webhook that adds proxies to pods. */
export class ProxyInjectorTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'proxy-injector', props);
    const { values } = props;
    this.add(k8s.KubeDeployment, buildInjector(props));
    this.add(
      k8s.KubeService,
      buildService(props, {
        name: PROXY_INJECTOR_NAME,
        component: COMPONENT,
        port: { name: COMPONENT, port: PROXY_INJECTOR_SERVICE_PORT, targetPort: COMPONENT },
        // The API server speaks TLS to it, and is no part of the mesh.
        annotations: { [ANNOTATION.opaquePorts]: String(PROXY_INJECTOR_SERVICE_PORT) },
      }),
    );
    this.add(
      k8s.KubePodDisruptionBudget,
      buildDisruptionBudget(props, { name: PROXY_INJECTOR_NAME, component: COMPONENT }),
      { when: values.enablePodDisruptionBudget },
    );
  }
}

function buildInjector(props: ControlPlaneProps) {
  const { values } = props;
  return buildDeployment(props, {
    component: COMPONENT,
    serviceAccount: PROXY_INJECTOR_NAME,
    containers: [buildContainer(props)],
    volumes: [
      { name: VOLUME.config, configMap: { name: CONFIG_MAP } },
      { name: VOLUME.trustRoots, configMap: { name: TRUST_ROOTS.configMap } },
    ],
    proxyResources: values.proxyInjectorProxyResources,
    podAnnotations: values.proxyInjector.podAnnotations,
    checksum: sha256(text`${trim(values.proxyInjector.crtPEM)}\n${trim(values.proxyInjector.caBundle)}`),
    selectsByComponentAlone: true,
  });
}

function buildContainer(props: ControlPlaneProps) {
  const { proxyInjector, proxyInjectorResources } = props.values;
  return buildController(props, {
    name: COMPONENT,
    args: buildArgs(props),
    ports: [
      { name: COMPONENT, containerPort: PROXY_INJECTOR_PORT },
      { name: 'injector-admin', containerPort: PROXY_INJECTOR_ADMIN_PORT },
    ],
    adminPort: PROXY_INJECTOR_ADMIN_PORT,
    probes: proxyInjector,
    resources: proxyInjectorResources,
    extraEnv: proxyInjector,
    volumeMounts: [
      { name: VOLUME.config, mountPath: INJECTOR_CONFIG_DIR, readOnly: true },
      { name: VOLUME.trustRoots, mountPath: INJECTOR_TRUST_ROOTS_DIR, readOnly: true },
      KUBE_API_MOUNT,
    ],
  });
}

function buildArgs(props: ControlPlaneProps) {
  const { values, release } = props;
  const origin = choose(isCertificateGiven(values.proxyInjector), 'given', 'minted');
  return [
    COMPONENT,
    ...logArgs(props),
    text`-${FLAG.linkerdNamespace}=${release.namespace}`,
    text`-${FLAG.enablePprof}=${values.enablePprof}`,
    text`-${FLAG.servingCertificate}=${origin}`,
    text`-${FLAG.caBundle}=${origin}`,
  ];
}
