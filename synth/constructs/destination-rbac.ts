import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { DESTINATION_SERVICE_ACCOUNT } from '../../services/destination/contract.ts';
import { Template } from '../helm/index.ts';
import type { ControlPlaneProps } from './parts/props.ts';
import {
  buildBinding,
  buildRole,
  buildServiceAccount,
  clusterRoleName,
  type Rule,
  WATCH,
} from './parts/rbac.ts';
import { POLICY_BINDING, POLICY_ROLE, POLICY_RULES } from './policy-rbac.ts';

const COMPONENT = 'destination';

const RULES: readonly Rule[] = [
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: WATCH },
  { apiGroups: [''], resources: ['pods', 'services', 'nodes'], verbs: WATCH },
  { apiGroups: ['linkerd.io'], resources: ['serviceprofiles'], verbs: WATCH },
  { apiGroups: ['policy.linkerd.io'], resources: ['servers'], verbs: WATCH },
  { apiGroups: ['workload.linkerd.io'], resources: ['externalworkloads'], verbs: WATCH },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: WATCH },
];

/** What destination and policy may do, which share a service account: read what they answer proxies from. */
export class DestinationRbacTemplate extends Template<ControlPlaneProps['values']> {
  constructor(scope: App, props: ControlPlaneProps) {
    super(scope, 'destination-rbac', props);
    const name = clusterRoleName(props, COMPONENT);
    const serviceAccount = DESTINATION_SERVICE_ACCOUNT;
    const parts = { component: COMPONENT, isClusterWide: true } as const;
    this.add(k8s.KubeClusterRole, buildRole(props, { ...parts, name, rules: RULES }));
    this.add(
      k8s.KubeClusterRoleBinding,
      buildBinding(props, { ...parts, name, role: { kind: 'ClusterRole', name }, serviceAccount }),
    );
    this.add(
      k8s.KubeServiceAccount,
      buildServiceAccount(props, { name: serviceAccount, component: COMPONENT }),
    );
    this.add(k8s.KubeClusterRole, buildRole(props, { ...parts, name: POLICY_ROLE, rules: POLICY_RULES }));
    this.add(
      k8s.KubeClusterRoleBinding,
      buildBinding(props, {
        ...parts,
        name: POLICY_BINDING,
        role: { kind: 'ClusterRole', name: POLICY_ROLE },
        serviceAccount,
      }),
    );
  }
}
