import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { IDENTITY_SERVICE_ACCOUNT } from '../../services/identity/contract.ts';
import { Template } from '../helm/index.ts';
import type { ControlPlaneProps } from './parts/props.ts';
import { buildBinding, buildRole, buildServiceAccount, clusterRoleName, type Rule } from './parts/rbac.ts';

const COMPONENT = 'identity';

const RULES: readonly Rule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
];

/** What identity may do: review tokens, and tell of what it did. */
export class IdentityRbacTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'identity-rbac', props);
    const name = clusterRoleName(props, COMPONENT);
    const parts = { name, component: COMPONENT, isClusterWide: true } as const;
    const serviceAccount = IDENTITY_SERVICE_ACCOUNT;
    this.add(k8s.KubeClusterRole, buildRole(props, { ...parts, rules: RULES }));
    this.add(
      k8s.KubeClusterRoleBinding,
      buildBinding(props, { ...parts, role: { kind: 'ClusterRole', name }, serviceAccount }),
    );
    this.add(
      k8s.KubeServiceAccount,
      buildServiceAccount(props, { name: serviceAccount, component: COMPONENT }),
    );
  }
}
