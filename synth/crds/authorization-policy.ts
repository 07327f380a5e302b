import type { CrdDefinition } from './definition.ts';
import { groupName, kindName, localReference, looseNamespaceName, objectName } from './parts/reference.ts';
import { array, object } from './schema.ts';

const AUTHENTICATION_REF = object(
  'An authentication.',
  {
    group: groupName('API group; policy.linkerd.io, or empty for a ServiceAccount.'),
    kind: kindName('MeshTLSAuthentication, NetworkAuthentication or ServiceAccount.'),
    name: objectName('Name of the authentication.'),
    namespace: looseNamespaceName('Its namespace; that of the policy when left out.'),
  },
  { required: ['kind', 'name'] },
);

const SPEC = object(
  'Who is let in where.',
  {
    targetRef: localReference('What clients are let in to: a Server, a route, or the whole namespace.'),
    requiredAuthenticationRefs: array(
      'What a client must satisfy, all of it; an empty list lets everyone in.',
      AUTHENTICATION_REF,
    ),
  },
  { required: ['targetRef', 'requiredAuthenticationRefs'] },
);

export const AUTHORIZATION_POLICY: CrdDefinition = {
  group: 'policy.linkerd.io',
  names: { kind: 'AuthorizationPolicy', plural: 'authorizationpolicies', shortNames: ['authzpolicy'] },
  description: 'Lets clients that satisfy its authentications in to its target.',
  versions: [
    { name: 'v1alpha1', isStored: true, spec: SPEC },
    // Upstream has no such version, but guides apply it.
    { name: 'v1beta1', spec: SPEC },
  ],
};
