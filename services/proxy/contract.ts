/** What others need to know of the proxy: ports, user id, variables, paths, header names. */
export const PROXY_PORT = { outbound: 4140, inbound: 4143, control: 4190, admin: 4191 } as const;
/** The user the proxy runs as; the iptables rules let its own connections through by this id. */
export const PROXY_UID = 2102;
export const PROXY_CONTAINER = 'linkerd-proxy';
export const PROXY_INIT_CONTAINER = 'linkerd-init';

/**
 * How Node runs the proxy: a small young generation, and an old one that is looked through from the first 12 MB on and
 * grows in small steps, which V8 takes from the limit. Nearly nothing of a request outlives it; by itself V8 lets the
 * garbage of a busy proxy grow to twice the memory before it looks (measured: test/bench/README.md).
 */
export const PROXY_NODE_FLAGS = [
  '--max-semi-space-size=4',
  '--initial-old-space-size=12',
  '--max-old-space-size=512',
] as const;

export const ENV_PREFIX = 'LINKERD2_PROXY_';
export const IDENTITY_DIR = '/var/run/linkerd/identity/end-entity';
export const TOKEN_DIR = '/var/run/secrets/tokens';
export const TOKEN_FILE = '/var/run/secrets/tokens/linkerd-identity-token';

/** Opaque unless somebody says otherwise. Source: facts sheet injection, section 6. */
export const DEFAULT_OPAQUE_PORTS = '25,587,3306,4444,5432,6379,9300,11211';

/** The ALPN protocol under which a transport header precedes the bytes. */
export const TRANSPORT_ALPN = 'transport.l5d.io/v1';

/** Header names, lower case. Source: facts sheet proxy-wire, section 7. */
export const HEADER = {
  clientId: 'l5d-client-id',
  dstCanonical: 'l5d-dst-canonical',
  dstOverride: 'l5d-dst-override',
  requireId: 'l5d-require-id',
  origProto: 'l5d-orig-proto',
  proxyError: 'l5d-proxy-error',
  proxyConnection: 'l5d-proxy-connection',
  /** Ours: the peer's proxy answers for an app it could not reach, so that the request may go elsewhere. */
  unprocessed: 'l5d-proxy-unprocessed',
} as const;
