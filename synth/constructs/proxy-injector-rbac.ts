import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { not, when } from '#lib/expr';
import {
  PROXY_INJECTOR_LEASE,
  PROXY_INJECTOR_NAME,
  PROXY_INJECTOR_PATH,
  PROXY_INJECTOR_TLS_SECRET,
  PROXY_INJECTOR_WEBHOOK,
  PROXY_INJECTOR_WEBHOOK_CONFIG,
} from '../../services/proxy-injector/contract.ts';
import { Template } from '../helm/index.ts';
import { buildMetadata } from './parts/metadata.ts';
import type { ControlPlaneProps } from './parts/props.ts';
import {
  buildBinding,
  buildRole,
  buildServiceAccount,
  clusterRoleName,
  type Rule,
  WATCH,
} from './parts/rbac.ts';
import { buildCaAnnotations, buildCaBundle, buildTlsSecret, isCertificateGiven } from './parts/webhook.ts';

const COMPONENT = 'proxy-injector';

/** The owners of a pod are asked for one by one, its namespace is held. */
const CLUSTER_RULES: readonly Rule[] = [
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get', ...WATCH] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
];

/** For writing `caBundle`, where nobody else does. */
const BUNDLE_RULE: Rule = {
  apiGroups: ['admissionregistration.k8s.io'],
  resources: ['mutatingwebhookconfigurations'],
  resourceNames: [PROXY_INJECTOR_WEBHOOK_CONFIG],
  verbs: ['get', 'watch', 'patch'],
};

const LEASE = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] } as const;

const SECRET = {
  apiGroups: [''],
  resources: ['secrets'],
  resourceNames: [PROXY_INJECTOR_TLS_SECRET],
} as const;

/** For making the certificate, where the user gives none. What is created has no name yet that a rule could tell. */
const MINT_RULES: readonly Rule[] = [
  // An apply that creates its object asks for `create` by name.
  { ...SECRET, verbs: ['create', 'patch'] },
  { ...LEASE, verbs: ['create'] },
  { ...LEASE, resourceNames: [PROXY_INJECTOR_LEASE], verbs: ['get', 'update'] },
];

/** What the injector may do, its certificate where the user gives one, and how the API server calls it. */
export class ProxyInjectorRbacTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'proxy-injector-rbac', props);
    this.addRoles(props);
    const parts = { component: COMPONENT, tls: props.values.proxyInjector };
    const secret = buildTlsSecret(props, { ...parts, name: PROXY_INJECTOR_TLS_SECRET });
    this.add(k8s.KubeSecret, secret.object, { when: secret.when });
    this.add(k8s.KubeMutatingWebhookConfiguration, buildWebhook(props));
  }

  private addRoles(props: ControlPlaneProps): void {
    const name = clusterRoleName(props, COMPONENT);
    const serviceAccount = PROXY_INJECTOR_NAME;
    const wide = { name, component: COMPONENT, isClusterWide: true } as const;
    const own = { name: serviceAccount, component: COMPONENT } as const;
    const isMinted = not(isCertificateGiven(props.values.proxyInjector));
    const clusterRules = [...CLUSTER_RULES, when(isMinted, BUNDLE_RULE)];
    const ownRules = [{ ...SECRET, verbs: ['get', 'watch'] }, when(isMinted, MINT_RULES)];
    this.add(k8s.KubeClusterRole, buildRole(props, { ...wide, rules: clusterRules }));
    this.add(
      k8s.KubeClusterRoleBinding,
      buildBinding(props, { ...wide, role: { kind: 'ClusterRole', name }, serviceAccount }),
    );
    this.add(k8s.KubeServiceAccount, buildServiceAccount(props, own));
    this.add(k8s.KubeRole, buildRole(props, { ...own, rules: ownRules }));
    this.add(
      k8s.KubeRoleBinding,
      buildBinding(props, { ...own, role: { kind: 'Role', name: serviceAccount }, serviceAccount }),
    );
  }
}

/** Source: facts sheet charts, section 3.3. */
function buildWebhook(props: ControlPlaneProps) {
  const { values, release } = props;
  const { proxyInjector } = values;
  const metadata = buildMetadata(props, {
    name: PROXY_INJECTOR_WEBHOOK_CONFIG,
    component: COMPONENT,
    isClusterWide: true,
    isAnnotated: false,
  });
  return {
    metadata: { ...metadata, annotations: buildCaAnnotations(proxyInjector) },
    webhooks: [
      {
        name: PROXY_INJECTOR_WEBHOOK,
        namespaceSelector: proxyInjector.namespaceSelector,
        objectSelector: proxyInjector.objectSelector,
        clientConfig: {
          service: {
            name: PROXY_INJECTOR_NAME,
            namespace: release.namespace,
            path: PROXY_INJECTOR_PATH,
          },
          caBundle: buildCaBundle(proxyInjector),
        },
        failurePolicy: values.webhookFailurePolicy,
        admissionReviewVersions: ['v1', 'v1beta1'],
        rules: [
          {
            operations: ['CREATE'],
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['pods', 'services'],
            scope: 'Namespaced',
          },
        ],
        sideEffects: 'None',
        timeoutSeconds: proxyInjector.timeoutSeconds,
      },
    ],
  };
}
