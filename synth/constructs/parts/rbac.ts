import { isSet, type ListPart, text, type Value, when } from '#lib/expr';
import { buildMetadata } from './metadata.ts';
import type { ControlPlaneProps } from './props.ts';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** What may be done with which objects. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Only objects of these names. */
  readonly resourceNames?: readonly string[];
}

/** What it takes to hold a copy of all objects of a kind: a list, and its changes. */
export const WATCH = ['list', 'watch'] as const;

interface RoleParts {
  readonly name: Value<string>;
  readonly component: string;
  readonly isClusterWide?: boolean;
}

export function buildRole(
  props: ControlPlaneProps,
  parts: RoleParts & { readonly rules: readonly ListPart<Rule>[] },
) {
  return { metadata: buildMetadata(props, { ...parts, isAnnotated: false }), rules: parts.rules };
}

interface BindingParts extends RoleParts {
  readonly role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: Value<string> };
  readonly serviceAccount: string;
}

/** Gives a role to a service account of the control plane. */
export function buildBinding(props: ControlPlaneProps, parts: BindingParts) {
  const { name, component, isClusterWide = false, role, serviceAccount } = parts;
  return {
    metadata: buildMetadata(props, { name, component, isClusterWide, isAnnotated: false }),
    roleRef: { apiGroup: RBAC_GROUP, kind: role.kind, name: role.name },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace: props.release.namespace }],
  };
}

/** Pods take the token by a volume of their own, in the containers that need it. */
export function buildServiceAccount(
  props: ControlPlaneProps,
  { name, component }: { readonly name: string; readonly component: string },
) {
  const { imagePullSecrets } = props.values;
  return {
    metadata: buildMetadata(props, { name, component, isAnnotated: false }),
    automountServiceAccountToken: false,
    imagePullSecrets: when(isSet(imagePullSecrets), imagePullSecrets),
  };
}

/** The name of a cluster-wide role: there may be several control planes. */
export function clusterRoleName({ release }: ControlPlaneProps, component: string): Value<string> {
  return text`linkerd-${release.namespace}-${component}`;
}
