/** What others need to know of the identity service. */
export const IDENTITY_PORT = 8080;
export const IDENTITY_ADMIN_PORT = 9990;
export const IDENTITY_SERVICE_ACCOUNT = 'linkerd-identity';
export const IDENTITY_SERVICE = 'linkerd-identity';
export const IDENTITY_DEPLOYMENT = 'linkerd-identity';
export const IDENTITY_HEADLESS_SERVICE = 'linkerd-identity-headless';
/** The audience of the service account tokens that Certify accepts. */
export const IDENTITY_TOKEN_AUDIENCE = 'identity.l5d.io';
export const ISSUER_DIR = '/var/run/linkerd/identity/issuer';
export const TRUST_ANCHORS_FILE = '/var/run/linkerd/identity/trust-roots/ca-bundle.crt';

/** The files of the two forms that the issuer's Secret may have. */
export const ISSUER_FILES = {
  'linkerd.io/tls': { cert: 'crt.pem', key: 'key.pem' },
  'kubernetes.io/tls': { cert: 'tls.crt', key: 'tls.key' },
} as const;

/** The flags of the program, as `-name value` or `--name=value`. The first fifteen are upstream's. */
export const IDENTITY_FLAG = {
  addr: 'addr',
  adminAddr: 'admin-addr',
  controllerNamespace: 'controller-namespace',
  scheme: 'identity-scheme',
  trustDomain: 'identity-trust-domain',
  issuanceLifetime: 'identity-issuance-lifetime',
  clockSkewAllowance: 'identity-clock-skew-allowance',
  issuer: 'issuer',
  kubeApiClientQps: 'kube-apiclient-qps',
  kubeApiClientBurst: 'kube-apiclient-burst',
  traceCollector: 'trace-collector',
  enablePprof: 'enable-pprof',
  logLevel: 'log-level',
  logFormat: 'log-format',
  help: 'help',
  /** Where the trust anchors stand, when not in TRUST_ANCHORS_FILE. */
  trustAnchors: 'trust-anchors',
  /** A JSON Web Key Set: tokens are then JWTs verified with its keys, and no Kubernetes is asked. */
  tokenJwks: 'token-jwks',
  /** A kubeconfig that names the Kubernetes API, in place of the pod's service account. */
  kubeconfig: 'kubeconfig',
} as const;

/** Each flag may come from the environment: `-token-jwks` from LINKERD_IDENTITY_TOKEN_JWKS. Flags win. */
export const IDENTITY_ENV_PREFIX = 'LINKERD_IDENTITY_';
