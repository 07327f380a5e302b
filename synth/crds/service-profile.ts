import type { CrdDefinition } from './definition.ts';
import {
  amend,
  array,
  boolean,
  integer,
  intOrString,
  number,
  object,
  preserveUnknown,
  string,
} from './schema.ts';

/** A quantity of Kubernetes: `500m`, `1`, `2k`. */
const QUANTITY =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

/** Conditions hold conditions: a structural schema has no way to say so. */
const NESTED = preserveUnknown('A condition with the same fields.');

const REQUEST_CONDITION = object('Which requests; the fields that are set must all fit.', {
  pathRegex: string('Regular expression for the whole path.'),
  method: string('The HTTP method.'),
  all: array('Conditions that must all hold.', NESTED),
  any: array('Conditions of which one must hold.', NESTED),
  not: array('Conditions of which none may hold.', NESTED),
});

const RESPONSE_CONDITION = object('Which responses; the fields that are set must all fit.', {
  status: object('HTTP status between these two, both included.', {
    min: integer('Lowest status; that of max when left out.', { format: 'int32' }),
    max: integer('Highest status; that of min when left out.', { format: 'int32' }),
  }),
  all: array('Conditions that must all hold.', NESTED),
  any: array('Conditions of which one must hold.', NESTED),
  not: preserveUnknown('A condition that may not hold.'),
});

const RESPONSE_CLASS = object(
  'Responses that count alike.',
  {
    condition: RESPONSE_CONDITION,
    isFailure: boolean('Whether they count as failures.'),
  },
  { required: ['condition'] },
);

const ROUTE = object(
  'Requests that are counted, retried and timed out alike.',
  {
    name: string('Name of the route, as it is in metrics.'),
    condition: REQUEST_CONDITION,
    responseClasses: array(
      'Which responses are failures; the first class that fits counts. Status 500 and above when none does.',
      RESPONSE_CLASS,
    ),
    isRetryable: boolean('Whether failed requests are tried again, within the budget.'),
    timeout: string('How long a request may take, retries included, as a Go duration.'),
  },
  { required: ['condition', 'name'] },
);

const RETRY_BUDGET = object(
  'How many retries there may be.',
  {
    retryRatio: number('Retries for each request: 0.2 adds at most a fifth to the load.', {
      format: 'float',
    }),
    minRetriesPerSecond: integer('Retries a second that are allowed whatever the ratio.', {
      format: 'int32',
    }),
    ttl: string('How long requests count for the ratio, as a Go duration.'),
  },
  { required: ['minRetriesPerSecond', 'retryRatio', 'ttl'] },
);

const DST_OVERRIDE = object('A service that takes a share of the requests.', {
  authority: string('The service: NAME.NAMESPACE.svc.CLUSTER-DOMAIN, with or without a port.'),
  weight: intOrString('Its share, relative to the others: 500m, 1.', { pattern: QUANTITY }),
});

const SPEC_V1ALPHA2 = object('How requests to the service are routed, retried and counted.', {
  routes: array('The first route that fits a request counts.', ROUTE),
  retryBudget: RETRY_BUDGET,
  dstOverrides: array('Services that the requests are split between.', DST_OVERRIDE),
  opaquePorts: array(
    'Not used: the annotation config.linkerd.io/opaque-ports of the Service decides.',
    string('A port.'),
  ),
});

export const SERVICE_PROFILE: CrdDefinition = {
  group: 'linkerd.io',
  names: { kind: 'ServiceProfile', plural: 'serviceprofiles', shortNames: ['sp'] },
  description: 'Routes of the Service whose full name it has: NAME.NAMESPACE.svc.CLUSTER-DOMAIN.',
  versions: [
    { name: 'v1alpha1', isSpecOptional: true, spec: amend(SPEC_V1ALPHA2, { required: ['routes'] }) },
    { name: 'v1alpha2', isStored: true, isSpecOptional: true, spec: SPEC_V1ALPHA2 },
  ],
};
