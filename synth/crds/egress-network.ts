import type { CrdDefinition } from './definition.ts';
import { CONDITIONS } from './parts/condition.ts';
import { networks } from './parts/network.ts';
import { choice, object } from './schema.ts';

const SPEC = object(
  'Which destinations, and what becomes of traffic to them.',
  {
    networks: networks('Destinations; everything but the networks of the cluster when left out.'),
    trafficPolicy: choice('What becomes of traffic that no route takes.', ['Allow', 'Deny']),
  },
  { required: ['trafficPolicy'] },
);

export const EGRESS_NETWORK: CrdDefinition = {
  group: 'policy.linkerd.io',
  names: { kind: 'EgressNetwork', plural: 'egressnetworks', categories: ['policy'] },
  description: 'Destinations outside of the cluster, for routes to be attached to.',
  versions: [
    {
      name: 'v1alpha1',
      isStored: true,
      hasStatusSubresource: true,
      spec: SPEC,
      status: object('What the policy controller says.', { conditions: CONDITIONS }),
    },
  ],
};
