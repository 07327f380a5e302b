import { flag, group, map, nullable, text, whole } from './spec.ts';

interface NamespaceSelector {
  readonly any?: boolean;
  readonly matchNames?: readonly string[];
}

const SELECTOR_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    any: { type: 'boolean' },
    matchNames: { type: 'array', items: { type: 'string' } },
  },
} as const;

function honorTimestamps() {
  return nullable(flag(false, 'Take the time of the target; null leaves it to Prometheus.'));
}

export const podMonitor = group('PodMonitors, for the Prometheus operator.', {
  enabled: flag(false, 'Make them.'),
  scrapeInterval: text('10s', 'How often Prometheus asks.'),
  scrapeTimeout: text('10s', 'How long it waits.'),
  labels: map<string>({}, 'Labels that your Prometheus selects PodMonitors by.', { type: 'string' }),
  controller: group('The one for the control plane.', {
    enabled: flag(true, 'Make it.'),
    namespaceSelector: whole<NamespaceSelector>(
      {},
      'Where its pods are; empty for the namespace of the control plane and `linkerd-viz`.',
      SELECTOR_SCHEMA,
    ),
    honorTimestamps: honorTimestamps(),
  }),
  serviceMirror: group('The one for service mirrors of the multicluster extension.', {
    enabled: flag(true, 'Make it.'),
    honorTimestamps: honorTimestamps(),
  }),
  proxy: group('The one for proxies.', {
    enabled: flag(true, 'Make it.'),
    honorTimestamps: honorTimestamps(),
  }),
});
