/** What others need to know of the policy service; it runs in the destination pods, under their account. */
export const POLICY_PORT = 8090;
export const POLICY_ADMIN_PORT = 9990;
export const POLICY_SERVICE = 'linkerd-policy';
/** Names accepted as a default inbound policy, by the annotation, the chart value and the proxy. */
export const DEFAULT_POLICIES = [
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
  'deny',
  'audit',
] as const;
export type DefaultPolicy = (typeof DEFAULT_POLICIES)[number];
