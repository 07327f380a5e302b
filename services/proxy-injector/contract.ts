/** What others need to know of the proxy injector. Source: facts sheets injection, and charts, sections 3.3 and 3.4. */
export const PROXY_INJECTOR_PORT = 8443;
export const PROXY_INJECTOR_ADMIN_PORT = 9995;
/** The Deployment, the Service, the service account, and the manager of the fields that it applies. */
export const PROXY_INJECTOR_NAME = 'linkerd-proxy-injector';
/** The port at which the API server reaches the Service. */
export const PROXY_INJECTOR_SERVICE_PORT = 443;
/** The path of the webhook. */
export const PROXY_INJECTOR_PATH = '/';

/** The Secret with the serving certificate: `tls.crt`, `tls.key` and, where it is minted, `ca.crt`. */
export const PROXY_INJECTOR_TLS_SECRET = 'linkerd-proxy-injector-k8s-tls';
/** The Lease that a replica holds while it mints. */
export const PROXY_INJECTOR_LEASE = 'linkerd-proxy-injector-certificate';
export const PROXY_INJECTOR_WEBHOOK_CONFIG = 'linkerd-proxy-injector-webhook-config';
export const PROXY_INJECTOR_WEBHOOK = 'linkerd-proxy-injector.linkerd.io';

/** The mounts of the ConfigMaps linkerd-config and linkerd-identity-trust-roots. */
export const INJECTOR_CONFIG_DIR = '/var/run/linkerd/config';
export const INJECTOR_VALUES_FILE = '/var/run/linkerd/config/values';
export const INJECTOR_TRUST_ROOTS_DIR = '/var/run/linkerd/identity/trust-roots';
export const INJECTOR_TRUST_ROOTS_FILE = '/var/run/linkerd/identity/trust-roots/ca-bundle.crt';

/** The flags of the program, as `-name value` or `--name=value`. The first seven are upstream's. */
export const PROXY_INJECTOR_FLAG = {
  addr: 'addr',
  metricsAddr: 'metrics-addr',
  logLevel: 'log-level',
  logFormat: 'log-format',
  linkerdNamespace: 'linkerd-namespace',
  enablePprof: 'enable-pprof',
  kubeconfig: 'kubeconfig',
  help: 'help',
  /** Where the values stand, when not in INJECTOR_VALUES_FILE. */
  values: 'values',
  /** Where the trust anchors stand, when not in INJECTOR_TRUST_ROOTS_FILE. */
  trustRoots: 'trust-roots',
  /** `minted`: a replica makes the Secret and keeps it good. `given`: the user does, and it is only read. */
  servingCertificate: 'serving-certificate',
  /** `minted`: a replica writes the webhook's caBundle. `given`: the chart or cert-manager does. */
  caBundle: 'ca-bundle',
} as const;
