/** What others need to know of the identity service. */
export const IDENTITY_PORT = 8080;
export const IDENTITY_ADMIN_PORT = 9990;
export const IDENTITY_SERVICE_ACCOUNT = 'linkerd-identity';
export const IDENTITY_SERVICE = 'linkerd-identity';
export const IDENTITY_HEADLESS_SERVICE = 'linkerd-identity-headless';
/** The audience of the service account tokens that Certify accepts. */
export const IDENTITY_TOKEN_AUDIENCE = 'identity.l5d.io';
export const ISSUER_DIR = '/var/run/linkerd/identity/issuer';
export const TRUST_ANCHORS_FILE = '/var/run/linkerd/identity/trust-roots/ca-bundle.crt';
