import { args, extraEnv, probe, resources } from './linkerd-control-plane-parts.ts';
import { group, list, map, optional, text } from './spec.ts';

/** The fields of `io.linkerd.proxy.destination.Http2ClientParams`, as its JSON. */
const HTTP2_CLIENT = {
  keep_alive: { interval: { seconds: 10 }, timeout: { seconds: 3 }, while_idle: true },
};

export const destinationController = group('The service that tells proxies where traffic goes.', {
  meshedHttp2ClientProtobuf: map<unknown>(
    HTTP2_CLIENT,
    'How proxies keep their connections to meshed peers: keep-alive, flow control, limits.',
  ),
  podAnnotations: map<string>({}, 'Annotations of its pods.', { type: 'string' }),
  livenessProbe: probe('liveness'),
  readinessProbe: probe('readiness'),
  additionalArgs: optional(args('Arguments added to the destination container.')),
  experimentalArgs: optional(args('Arguments added after `additionalArgs`, for what may change.')),
  ...extraEnv('destination'),
});

export const policyController = group('The service that tells proxies who may do what.', {
  logLevel: text('info', 'What it logs.'),
  probeNetworks: list<string>(['0.0.0.0/0', '::/0'], "Networks that the kubelets' probes come from.", {
    type: 'string',
  }),
  resources: resources('What it asks of its node.'),
  livenessProbe: probe('liveness'),
  readinessProbe: probe('readiness'),
  additionalArgs: optional(args('Arguments added to the policy container.')),
  experimentalArgs: optional(args('Arguments added after `additionalArgs`, for what may change.')),
});

export const spValidator = group('The webhook that checks ServiceProfiles; not built yet.', {
  livenessProbe: probe('liveness'),
  readinessProbe: probe('readiness'),
  ...extraEnv('sp-validator'),
});

export const egress = group('Traffic that leaves the cluster.', {
  globalEgressNetworkNamespace: text(
    'linkerd-egress',
    'EgressNetworks of this namespace hold for all clients.',
  ),
});
