import type { CrdDefinition } from '../definition.ts';
import { AGE } from '../definition.ts';
import { object } from '../schema.ts';
import { CONNECTION_RULES } from './connection-rules.ts';
import { GATEWAY_API, GATEWAY_CATEGORIES, PARENT_REFS, ROUTE_STATUS } from './route.ts';

const SPEC = object(
  'What the route is attached to, and where its connections go.',
  { parentRefs: PARENT_REFS, rules: CONNECTION_RULES },
  { required: ['rules'] },
);

export const GATEWAY_TCP_ROUTE: CrdDefinition = {
  ...GATEWAY_API,
  names: { kind: 'TCPRoute', plural: 'tcproutes', categories: GATEWAY_CATEGORIES },
  description: 'TCP connections to a port of a Gateway or a Service.',
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
