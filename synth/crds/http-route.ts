import type { CrdDefinition, CrdVersion } from './definition.ts';
import { filters, headerModifier, pathModifier, requestRedirect } from './parts/http-filter.ts';
import { ANY_PATH, httpMatches, PATH_MATCH, queryParamMatches } from './parts/http-match.ts';
import {
  HOSTNAMES,
  parentRef,
  parentRefs,
  ROUTE_COLUMNS,
  routeStatus,
  weightedBackendRef,
} from './parts/route.ts';
import type { JsonSchema } from './schema.ts';
import { amend, array, integer, object, string } from './schema.ts';

const GROUP = 'policy.linkerd.io';

const REQUEST_FILTERS = {
  requestHeaderModifier: headerModifier('Changes headers of the request.'),
  requestRedirect: requestRedirect(pathModifier('How the path changes.')),
};
const RULE_FILTERS = filters({
  types: ['RequestHeaderModifier', 'RequestRedirect'],
  fields: REQUEST_FILTERS,
});
const BACKEND_FILTERS = filters({
  types: ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect'],
  fields: {
    ...REQUEST_FILTERS,
    responseHeaderModifier: headerModifier('Changes headers of the response.'),
  },
});

/** Before v1beta2 backends were taken, but not used. */
const UNUSED_BACKEND = object('Not used in this version.', {
  name: string('Name of the backend.'),
  namespace: string('Namespace of the backend.', { default: 'default' }),
  port: integer('Port of the backend.'),
  filters: BACKEND_FILTERS,
});

const RULE_V1ALPHA1 = object('Which requests, and what happens to them.', {
  matches: httpMatches({ path: PATH_MATCH, queryParams: queryParamMatches() }),
  filters: RULE_FILTERS,
  backendRefs: array('Not used in this version.', UNUSED_BACKEND),
});

const RULE_V1BETA2 = amend(RULE_V1ALPHA1, {
  add: {
    backendRefs: array(
      'Where requests go, each with its share.',
      weightedBackendRef({ filters: BACKEND_FILTERS }),
      { maxItems: 16 },
    ),
  },
});

const RULE_V1BETA3 = amend(RULE_V1BETA2, {
  add: {
    timeouts: object('How long things may take, as Go durations: 300ms, 1m30s.', {
      request: string('From the request to the end of the response, retries included.', {
        format: 'duration',
      }),
      backendRequest: string('One try at one backend.', { format: 'duration' }),
    }),
  },
});

const ANY_PORT_PARENT = parentRef(GROUP, integer('Port of the parent that the route is for.'));

function spec(rule: JsonSchema, parent: JsonSchema): JsonSchema {
  return object('What the route is attached to, and what it does.', {
    parentRefs: parentRefs(parent),
    hostnames: HOSTNAMES,
    rules: array('The rule with the most specific match decides.', rule, {
      maxItems: 16,
      default: [{ matches: [{ path: ANY_PATH }] }],
    }),
  });
}

const EVERY_VERSION: Pick<CrdVersion, 'columns' | 'hasStatusSubresource' | 'status'> = {
  columns: ROUTE_COLUMNS,
  hasStatusSubresource: true,
  status: routeStatus(parentRef(GROUP)),
};

export const HTTP_ROUTE: CrdDefinition = {
  group: GROUP,
  names: { kind: 'HTTPRoute', plural: 'httproutes' },
  description:
    'HTTP requests to a Server, Service or EgressNetwork, told apart by what is in them. The HTTPRoute of ' +
    'gateway.networking.k8s.io does the same.',
  versions: [
    { name: 'v1alpha1', ...EVERY_VERSION, spec: spec(RULE_V1ALPHA1, ANY_PORT_PARENT) },
    { name: 'v1beta1', ...EVERY_VERSION, spec: spec(RULE_V1ALPHA1, ANY_PORT_PARENT) },
    { name: 'v1beta2', ...EVERY_VERSION, spec: spec(RULE_V1BETA2, parentRef(GROUP)) },
    { name: 'v1beta3', isStored: true, ...EVERY_VERSION, spec: spec(RULE_V1BETA3, parentRef(GROUP)) },
  ],
};
