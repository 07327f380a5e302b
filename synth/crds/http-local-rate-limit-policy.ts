import type { CrdDefinition, PrinterColumn } from './definition.ts';
import { CONDITIONS } from './parts/condition.ts';
import { groupName, kindName, localReference, namespaceName, objectName } from './parts/reference.ts';
import { array, integer, object } from './schema.ts';

const REQUESTS_PER_SECOND = integer('Requests a second that one pod takes.', { format: 'int64' });

const CLIENT_REF = object(
  'A client.',
  {
    group: groupName('API group; empty, since the kind is core.'),
    kind: kindName('ServiceAccount.'),
    namespace: namespaceName('Namespace of the service account; that of the policy when left out.'),
    name: objectName('Name of the service account.'),
  },
  { required: ['kind', 'name'] },
);

const OVERRIDE = object(
  'A limit of its own for some clients.',
  {
    requestsPerSecond: REQUESTS_PER_SECOND,
    clientRefs: array('The clients it is for.', CLIENT_REF),
  },
  { required: ['clientRefs', 'requestsPerSecond'] },
);

function limit(description: string) {
  return object(description, { requestsPerSecond: REQUESTS_PER_SECOND }, { required: ['requestsPerSecond'] });
}

const SPEC = object(
  'How many requests a Server takes.',
  {
    targetRef: localReference('The Server whose requests are limited.'),
    total: limit('For all clients together.'),
    identity: limit('For each client; those without an identity count as one.'),
    overrides: array('For some clients, in place of the limit for each.', OVERRIDE),
  },
  { required: ['targetRef'] },
);

const STATUS = object(
  'What the policy controller says.',
  {
    conditions: CONDITIONS,
    targetRef: object(
      'The Server that this is about.',
      {
        group: groupName('API group of the target.', { default: 'policy.linkerd.io' }),
        kind: kindName('Kind of the target.', { default: 'Server' }),
        name: objectName('Name of the target.'),
      },
      { required: ['name'] },
    ),
  },
  { required: ['targetRef'] },
);

const COLUMNS: readonly PrinterColumn[] = [
  { name: 'Target_kind', type: 'string', jsonPath: '.spec.targetRef.kind' },
  { name: 'Target_name', type: 'string', jsonPath: '.spec.targetRef.name' },
  { name: 'Total_RPS', type: 'integer', format: 'int32', jsonPath: '.spec.total.requestsPerSecond' },
  { name: 'Identity_RPS', type: 'integer', format: 'int32', jsonPath: '.spec.identity.requestsPerSecond' },
];

export const HTTP_LOCAL_RATE_LIMIT_POLICY: CrdDefinition = {
  group: 'policy.linkerd.io',
  names: { kind: 'HTTPLocalRateLimitPolicy', plural: 'httplocalratelimitpolicies' },
  description:
    'Limits how many HTTP requests a second each pod of a Server takes; the rest are answered with 429.',
  versions: [
    {
      name: 'v1alpha1',
      isStored: true,
      columns: COLUMNS,
      hasStatusSubresource: true,
      spec: SPEC,
      status: STATUS,
    },
  ],
};
