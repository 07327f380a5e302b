import { flag, group, map, optional, text } from './spec.ts';

const collector = group('Where spans go.', {
  endpoint: text('', 'Host and port of an OpenTelemetry collector.'),
  meshIdentity: group('Whom the proxies expect there.', {
    serviceAccountName: text('', 'The service account of the collector.'),
    namespace: text('', 'The namespace of the collector.'),
  }),
});

/** Attributes of every span; the parentheses are Kubernetes' syntax for variables of the container. */
const LABELS = {
  'k8s.pod.ip': '$(_pod_ip)',
  'k8s.pod.uid': '$(_pod_uid)',
  'k8s.container.name': '$(_pod_containerName)',
};

export const proxyTracing = group('Traces of requests.', {
  enabled: flag(false, 'Send spans.'),
  traceServiceName: text('linkerd-proxy', 'The name of the service in traces.'),
  labels: map<string>(LABELS, 'Attributes of every span.', { type: 'string' }),
  collector,
  protocol: optional(text('opentelemetry', 'The protocol of the collector.', { enum: ['opentelemetry'] })),
});

export const controllerTracing = group('Traces of the control plane.', {
  enabled: flag(false, 'Accepted; the control plane sends no spans yet.'),
  collector: group('Where spans go.', {
    endpoint: text('', 'Host and port of a collector; empty for the one of the proxies.'),
  }),
});
