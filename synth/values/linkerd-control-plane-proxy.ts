import type { SecurityContext } from '#lib/resources';
import { DEFAULT_POLICIES } from '../../services/policy/contract.ts';
import { DEFAULT_OPAQUE_PORTS, PROXY_PORT, PROXY_UID } from '../../services/proxy/contract.ts';
import { IMAGE } from '../images/contract.ts';
import { env, image, logFormat, resources } from './linkerd-control-plane-parts.ts';
import { proxyTracing } from './linkerd-control-plane-tracing.ts';
import { flag, group, integer, map, nullable, number, optional, text, textOrNumber, whole } from './spec.ts';

type Tuning = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>>
>;

interface Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

const TUNING_SCHEMA = {
  type: 'object',
  additionalProperties: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
} as const;

function tuning(direction: string) {
  const doc = `Scope, protocol and parameter of ${direction} connections, each one variable of the proxy.`;
  const server = { http2: { keepAliveInterval: '10s', keepAliveTimeout: '3s' } };
  return map<Tuning[string]>({ server }, doc, TUNING_SCHEMA);
}

function port(value: number, doc: string) {
  return integer(value, doc, { minimum: 1, maximum: 65_535 });
}

const ports = group('Where the proxy listens.', {
  admin: port(PROXY_PORT.admin, 'Metrics and probes.'),
  control: port(PROXY_PORT.control, 'Tap.'),
  inbound: port(PROXY_PORT.inbound, 'Traffic to the pod.'),
  outbound: port(PROXY_PORT.outbound, 'Traffic of the pod, on loopback.'),
});

const workers = group('Worker threads.', {
  maximumCPURatio: nullable(
    number(null, 'Share of the CPUs of the node, above 0 and below 1.', { minimum: 0, maximum: 1 }),
  ),
  minimum: integer(1, 'At least so many.', { minimum: 1 }),
  maximum: optional(nullable(integer(null, 'At most so many; the injector sets it.', { minimum: 1 }))),
});

const livenessProbe = group('When the kubelet restarts the proxy.', {
  initialDelaySeconds: integer(10, 'How long it waits before the first question.', { minimum: 0 }),
  timeoutSeconds: integer(1, 'How long it waits for an answer.', { minimum: 1 }),
});

const readinessProbe = group('When the kubelet takes the proxy for ready.', {
  initialDelaySeconds: integer(2, 'How long it waits before the first question.', { minimum: 0 }),
  timeoutSeconds: integer(1, 'How long it waits for an answer.', { minimum: 1 }),
});

const startupProbe = group('How a native sidecar holds the other containers back.', {
  initialDelaySeconds: integer(0, 'How long it waits before the first question.', { minimum: 0 }),
  periodSeconds: integer(1, 'How often it asks.', { minimum: 1 }),
  failureThreshold: integer(120, 'After so many failures the proxy is restarted.', { minimum: 1 }),
});

const streams = group('Streams to the control plane.', {
  initialTimeout: text('3s', 'How long the first message may take.'),
  idleTimeout: text('5m', 'A stream without messages ends after this time.'),
  lifetime: text('1h', 'Every stream ends after this time and is opened anew.'),
});

/** Set by the templates or the injector, not by users; upstream's chart accepts them too. */
const internal = {
  capabilities: optional(
    nullable(whole<Capabilities>(null, 'Capabilities instead of those of the first container of the pod.')),
  ),
  isGateway: optional(flag(false, 'Set by an annotation: accept traffic for other pods.')),
  isIngress: optional(flag(false, 'Set by an annotation: route by the host of a request.')),
  enableDebugSidecar: optional(flag(false, 'Set by an annotation: add a container with network tools.')),
  podInboundPorts: optional(nullable(text(null, 'Set by the templates: ports of the pod, as a comma list.'))),
  requireTLSOnInboundPorts: optional(text('', 'Set by the templates: ports that need TLS, as a comma list.')),
  loadTrustBundleFromConfigMap: optional(flag(false, 'Set by the templates: take the anchors by reference.')),
  saMountPath: optional(nullable(whole<object>(null, 'Accepted, without effect: the pod tells its mount.'))),
  component: optional(text('', 'Accepted, without effect.')),
  workloadKind: optional(text('', 'Accepted, without effect.')),
};

const timeouts = {
  outboundConnectTimeout: text('1000ms', 'How long connecting to a peer may take.'),
  inboundConnectTimeout: text('100ms', 'How long connecting to the application may take.'),
  outboundDiscoveryCacheUnusedTimeout: text('5s', 'How long what is known of an unused target is kept.'),
  inboundDiscoveryCacheUnusedTimeout: text('90s', 'How long the policy of an unused port is kept.'),
  disableOutboundProtocolDetectTimeout: flag(false, 'Wait without limit for a client to say something.'),
  disableInboundProtocolDetectTimeout: flag(false, 'Wait without limit for a peer to say something.'),
};

export const proxy = group('The proxy that joins every meshed pod.', {
  enableExternalProfiles: flag(false, 'Look up profiles of names outside the cluster.'),
  ...timeouts,
  image: image(IMAGE.proxy, 'the proxy, of linkerd-init and of the network validator'),
  enableShutdownEndpoint: flag(false, 'Let `POST /shutdown` on the admin port end the proxy.'),
  logLevel: text('warn,linkerd=info,hickory=error', 'What the proxy logs, by module.'),
  logFormat: logFormat('plain', 'How the proxy logs: `plain` or `json`.'),
  logHTTPHeaders: text<'off' | 'insecure'>(
    'off',
    '`insecure` logs the values of HTTP headers; `off` does not.',
  ),
  ports,
  cores: nullable(
    integer(null, 'Worker threads, in the old form of `runtime.workers.minimum`.', { minimum: 1 }),
  ),
  runtime: group('How the proxy uses its node.', { workers }),
  resources: resources('What the proxy asks of its node.'),
  uid: integer(PROXY_UID, 'The user it runs as; its own traffic is told by it.', { minimum: 0 }),
  gid: integer(-1, 'The group it runs as; negative for the one of the image.', { minimum: -1 }),
  securityContext: whole<SecurityContext>({}, 'Replaces the security context whole where it is not empty.'),
  waitBeforeExitSeconds: integer(0, 'A pause before it stops; without effect on a native sidecar.', {
    minimum: 0,
  }),
  await: flag(true, 'Hold the other containers back until the proxy is ready.'),
  requireIdentityOnInboundPorts: textOrNumber('', 'Ports that only meshed clients may use, as a comma list.'),
  opaquePorts: textOrNumber(
    DEFAULT_OPAQUE_PORTS,
    'Ports whose protocol is never looked at, as a comma list.',
  ),
  shutdownGracePeriod: text('', 'How long open connections may go on at shutdown; empty for the default.'),
  defaultInboundPolicy: text('all-unauthenticated', 'Who may use ports that no Server selects.', {
    enum: [...DEFAULT_POLICIES],
  }),
  outboundTransportMode: text('transport-header', 'How meshed peers are reached.', {
    enum: ['transport-header', 'transparent'],
  }),
  nativeSidecar: flag(true, 'Run as an init container that stays, which starts first and stops last.'),
  livenessProbe,
  readinessProbe,
  startupProbe,
  control: group('How the proxy speaks to the control plane.', { streams }),
  metrics: group('What the proxy counts.', {
    hostnameLabels: flag(false, 'Name the host of a request in outbound metrics.'),
  }),
  tracing: proxyTracing,
  inbound: tuning('inbound'),
  outbound: tuning('outbound'),
  accessLog: optional(text('', 'Log requests: `apache`, `json` or empty.', { enum: ['', 'apache', 'json'] })),
  additionalEnv: optional(env('Variables added to every proxy.')),
  experimentalEnv: optional(env('Variables added after `additionalEnv`, for what may change.')),
  ...internal,
});
