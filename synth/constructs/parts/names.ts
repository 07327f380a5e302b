/** Names of objects that more than one template refers to. Source: facts sheet charts, sections 3.1, 3.6 and 3.7. */
export const ISSUER_SECRET = 'linkerd-identity-issuer';
export const CONFIG_MAP = 'linkerd-config';
/** The keys of the ConfigMap. */
export const CONFIG_KEY = { values: 'values', crdsVersion: 'linkerd-crds-chart-version' } as const;
/** Volumes of control-plane pods. */
export const VOLUME = {
  issuer: 'identity-issuer',
  trustRoots: 'trust-roots',
  config: 'config',
  kubeApi: 'kube-api-access',
} as const;
