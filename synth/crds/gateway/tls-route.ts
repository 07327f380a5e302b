import type { CrdDefinition } from '../definition.ts';
import { AGE } from '../definition.ts';
import { HOSTNAMES } from '../parts/route.ts';
import { object } from '../schema.ts';
import { CONNECTION_RULES } from './connection-rules.ts';
import { GATEWAY_API, GATEWAY_CATEGORIES, PARENT_REFS, ROUTE_STATUS } from './route.ts';

const SPEC = object(
  'What the route is attached to, and where its connections go.',
  { parentRefs: PARENT_REFS, hostnames: HOSTNAMES, rules: CONNECTION_RULES },
  { required: ['rules'] },
);

export const GATEWAY_TLS_ROUTE: CrdDefinition = {
  ...GATEWAY_API,
  names: { kind: 'TLSRoute', plural: 'tlsroutes', categories: GATEWAY_CATEGORIES },
  description: 'TLS connections to a Gateway or a Service, told apart by the host they ask for (SNI).',
  versions: [
    {
      name: 'v1alpha2',
      isStored: true,
      columns: [AGE],
      hasStatusSubresource: true,
      spec: SPEC,
      status: ROUTE_STATUS,
    },
  ],
};
