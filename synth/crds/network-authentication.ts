import type { CrdDefinition } from './definition.ts';
import { networks } from './parts/network.ts';
import { object } from './schema.ts';

const SPEC = object(
  'Where a client must connect from.',
  { networks: networks('Networks, one of which the client must be in.') },
  { required: ['networks'] },
);

export const NETWORK_AUTHENTICATION: CrdDefinition = {
  group: 'policy.linkerd.io',
  names: {
    kind: 'NetworkAuthentication',
    plural: 'networkauthentications',
    shortNames: ['netauthn', 'networkauthn'],
  },
  description: 'Clients that connect from one of these networks.',
  versions: [{ name: 'v1alpha1', isStored: true, spec: SPEC }],
};
