import type { CrdDefinition } from './definition.ts';
import { labelSelector } from './parts/label-selector.ts';
import { networks } from './parts/network.ts';
import { DNS_LABEL } from './parts/reference.ts';
import { array, boolean, object, string } from './schema.ts';

/** `*`, a name, or a name whose first label is `*`. */
const IDENTITY = '^(\\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

const TARGET = object(
  'The Servers that clients are let in to: one by name, or several by their labels.',
  {
    name: string('Name of a Server in the same namespace.', { pattern: DNS_LABEL }),
    selector: labelSelector('Labels of Servers in the same namespace; an empty selector is all of them.'),
  },
  { exactlyOneOf: ['name', 'selector'] },
);

const SERVICE_ACCOUNT = object(
  'A service account.',
  {
    name: string('Name of the service account.', { pattern: DNS_LABEL }),
    namespace: string('Its namespace; that of the ServerAuthorization when left out.', {
      pattern: DNS_LABEL,
    }),
  },
  { required: ['name'] },
);

const MESH_TLS = object('Clients that come over mTLS.', {
  unauthenticatedTLS: boolean('Whether TLS is enough, without a client certificate.'),
  identities: array(
    'Clients by the name in their certificate.',
    string('A name, *.suffix, or * for every meshed client.', { pattern: IDENTITY }),
  ),
  serviceAccounts: array('Clients by their service account.', SERVICE_ACCOUNT),
});

const CLIENT = object('Who is let in.', {
  networks: networks('Where clients may connect from; the networks of the cluster when left out.'),
  unauthenticated: boolean('Whether clients are let in that have no certificate.'),
  meshTLS: MESH_TLS,
});

const SPEC = object(
  'Which clients are let in to which Servers.',
  { server: TARGET, client: CLIENT },
  { required: ['client', 'server'] },
);

export const SERVER_AUTHORIZATION: CrdDefinition = {
  group: 'policy.linkerd.io',
  names: {
    kind: 'ServerAuthorization',
    plural: 'serverauthorizations',
    shortNames: ['saz', 'serverauthz', 'srvauthz'],
  },
  description: 'Lets clients in to Servers. AuthorizationPolicy does the same and more.',
  versions: [
    {
      name: 'v1alpha1',
      deprecation:
        'ServerAuthorization of policy.linkerd.io/v1alpha1 is deprecated: use policy.linkerd.io/v1beta1',
      spec: SPEC,
    },
    {
      name: 'v1beta1',
      isStored: true,
      columns: [{ name: 'Server', type: 'string', jsonPath: '.spec.server.name' }],
      spec: SPEC,
    },
  ],
};
