import type { CrdDefinition, PrinterColumn } from './definition.ts';
import { eitherLabelSelector, labelSelector } from './parts/label-selector.ts';
import { amend, intOrString, object, string } from './schema.ts';

const POD_SELECTOR = 'Pods in the same namespace; an empty selector is all of them.';

const SPEC_V1BETA1 = object(
  'A port of the selected workloads, and how the mesh treats it.',
  {
    podSelector: labelSelector(POD_SELECTOR),
    port: intOrString('Number of the port, or its name in the container.'),
    proxyProtocol: string(
      'What is spoken on the port: unknown (found out from the first bytes), HTTP/1, HTTP/2, gRPC, opaque or TLS.',
      { default: 'unknown' },
    ),
  },
  { required: ['podSelector', 'port'] },
);

const SPEC_V1ALPHA1 = amend(SPEC_V1BETA1, { add: { podSelector: eitherLabelSelector(POD_SELECTOR) } });

const SPEC_V1BETA2 = amend(SPEC_V1BETA1, {
  add: {
    externalWorkloadSelector: labelSelector(
      'ExternalWorkloads in the same namespace, in place of pods; an empty selector is all of them.',
    ),
  },
  required: ['port'],
  exactlyOneOf: ['podSelector', 'externalWorkloadSelector'],
});

const SPEC_V1BETA3 = amend(SPEC_V1BETA2, {
  add: {
    accessPolicy: string(
      'Who may connect where no authorization says so: deny, audit (allowed, but logged), all-authenticated, ' +
        'all-unauthenticated, cluster-authenticated or cluster-unauthenticated.',
      { default: 'deny' },
    ),
  },
});

const COLUMNS: readonly PrinterColumn[] = [
  { name: 'Port', type: 'string', jsonPath: '.spec.port' },
  { name: 'Protocol', type: 'string', jsonPath: '.spec.proxyProtocol' },
];
const ACCESS_POLICY: PrinterColumn = {
  name: 'Access Policy',
  type: 'string',
  jsonPath: '.spec.accessPolicy',
};

export const SERVER: CrdDefinition = {
  group: 'policy.linkerd.io',
  names: { kind: 'Server', plural: 'servers', shortNames: ['srv'] },
  description: 'A port of some workloads: what is spoken there, and what policies refer to.',
  versions: [
    {
      name: 'v1alpha1',
      deprecation: 'Server of policy.linkerd.io/v1alpha1 is deprecated: use policy.linkerd.io/v1beta3',
      spec: SPEC_V1ALPHA1,
    },
    {
      name: 'v1beta1',
      deprecation: 'Server of policy.linkerd.io/v1beta1 is deprecated: use policy.linkerd.io/v1beta3',
      columns: COLUMNS,
      spec: SPEC_V1BETA1,
    },
    { name: 'v1beta2', columns: COLUMNS, spec: SPEC_V1BETA2 },
    { name: 'v1beta3', isStored: true, columns: [...COLUMNS, ACCESS_POLICY], spec: SPEC_V1BETA3 },
  ],
};
