/** Annotation keys that users write or the mesh reads. Source: facts sheet injection, section 5. */
export const ANNOTATION = {
  inject: 'linkerd.io/inject',
  createdBy: 'linkerd.io/created-by',
  proxyVersion: 'linkerd.io/proxy-version',
  trustRootSha256: 'linkerd.io/trust-root-sha256',
  opaquePorts: 'config.linkerd.io/opaque-ports',
  skipInboundPorts: 'config.linkerd.io/skip-inbound-ports',
  skipOutboundPorts: 'config.linkerd.io/skip-outbound-ports',
  skipSubnets: 'config.linkerd.io/skip-subnets',
  defaultInboundPolicy: 'config.linkerd.io/default-inbound-policy',
  requireIdentityInboundPorts: 'config.linkerd.io/proxy-require-identity-inbound-ports',
} as const;

/** The prefix of every setting that a namespace or a workload may make for its proxies. */
export const CONFIG_ANNOTATION_PREFIX = 'config.linkerd.io/';
