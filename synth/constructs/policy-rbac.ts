import { type Rule, WATCH } from './parts/rbac.ts';

/** Not by the namespace, as upstream's: a second control plane of one cluster would own them too. */
export const POLICY_ROLE = 'linkerd-policy';
export const POLICY_BINDING = 'linkerd-destination-policy';

/** What the policy service reads beside what destination does; it runs under its account. */
export const POLICY_RULES: readonly Rule[] = [
  { apiGroups: [''], resources: ['pods', 'services'], verbs: WATCH },
];
