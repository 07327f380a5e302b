import type { CrdDefinition } from './definition.ts';
import { groupName, kindName, looseNamespaceName, objectName } from './parts/reference.ts';
import { array, object, string } from './schema.ts';

const IDENTITY_REF = object(
  'A service account, or a namespace for all of its service accounts.',
  {
    group: groupName('API group; empty, since both kinds are core.'),
    kind: kindName('ServiceAccount or Namespace.'),
    name: objectName('Name of the service account or namespace.'),
    namespace: looseNamespaceName(
      'Namespace of the service account; that of the authentication when left out. Not for a Namespace.',
    ),
  },
  { required: ['kind'] },
);

const SPEC = object(
  'Who a client must be: listed by name, or by reference.',
  {
    identities: array(
      'Names of clients, as in their certificates.',
      string('A name, *.suffix, * for every meshed client, or a SPIFFE id.'),
      { minItems: 1 },
    ),
    identityRefs: array('Service accounts of clients.', IDENTITY_REF, { minItems: 1 }),
  },
  { exactlyOneOf: ['identities', 'identityRefs'] },
);

export const MESH_TLS_AUTHENTICATION: CrdDefinition = {
  group: 'policy.linkerd.io',
  names: { kind: 'MeshTLSAuthentication', plural: 'meshtlsauthentications', shortNames: ['meshtlsauthn'] },
  description: 'Clients that come over mTLS with one of these identities.',
  versions: [
    { name: 'v1alpha1', isStored: true, spec: SPEC },
    // Upstream has no such version, but guides apply it.
    { name: 'v1beta1', spec: SPEC },
  ],
};
