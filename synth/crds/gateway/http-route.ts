import type { CrdDefinition, CrdVersion } from '../definition.ts';
import { ANY_PATH, HTTP_TOKEN, httpMatches, PATH_MATCH, queryParamMatches } from '../parts/http-match.ts';
import { HOSTNAMES, ROUTE_COLUMNS } from '../parts/route.ts';
import type { ValidationRule } from '../schema.ts';
import { amend, array, object, string } from '../schema.ts';
import { HTTP_FILTERS } from './filters.ts';
import { PATH_RULES, PREFIX_RULES } from './http-path-rules.ts';
import {
  GATEWAY_API,
  GATEWAY_CATEGORIES,
  GEP_DURATION,
  gatewayBackendRef,
  PARENT_REFS,
  ROUTE_STATUS,
} from './route.ts';
import { SESSION_PERSISTENCE } from './session-persistence.ts';

const NOT_REDIRECTED_AND_FORWARDED: ValidationRule = {
  message:
    'a request that is redirected goes to no backend: leave out the RequestRedirect or the backendRefs',
  rule:
    '(has(self.backendRefs) && size(self.backendRefs) > 0) ? ' +
    '(!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true',
};

const TRY_IS_SHORTER: ValidationRule = {
  message: 'backendRequest cannot be longer than request',
  rule:
    "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && " +
    'duration(self.backendRequest) > duration(self.request))',
};

const TIMEOUTS = object(
  'How long things may take; 0s is for ever.',
  {
    request: string('From the request to the end of the response, retries included.', {
      pattern: GEP_DURATION,
    }),
    backendRequest: string('One try at one backend.', { pattern: GEP_DURATION }),
  },
  { rules: [TRY_IS_SHORTER] },
);

const RULE = object(
  'Which requests, and what happens to them.',
  {
    matches: httpMatches({
      path: amend(PATH_MATCH, { rules: PATH_RULES }),
      queryParams: queryParamMatches({ pattern: HTTP_TOKEN }),
    }),
    filters: HTTP_FILTERS,
    backendRefs: array(
      'Where requests go, each with its share.',
      gatewayBackendRef({ filters: HTTP_FILTERS }),
      {
        maxItems: 16,
      },
    ),
    timeouts: TIMEOUTS,
    sessionPersistence: SESSION_PERSISTENCE,
  },
  { rules: [NOT_REDIRECTED_AND_FORWARDED, ...PREFIX_RULES] },
);

const EVERY_VERSION: Omit<CrdVersion, 'name'> = {
  columns: ROUTE_COLUMNS,
  hasStatusSubresource: true,
  spec: object('What the route is attached to, and what it does.', {
    parentRefs: PARENT_REFS,
    hostnames: HOSTNAMES,
    rules: array('The rule with the most specific match decides.', RULE, {
      maxItems: 16,
      default: [{ matches: [{ path: ANY_PATH }] }],
    }),
  }),
  status: ROUTE_STATUS,
};

export const GATEWAY_HTTP_ROUTE: CrdDefinition = {
  ...GATEWAY_API,
  names: { kind: 'HTTPRoute', plural: 'httproutes', categories: GATEWAY_CATEGORIES },
  description: 'HTTP requests to a Gateway or a Service, told apart by what is in them.',
  versions: [
    { name: 'v1beta1', ...EVERY_VERSION },
    { name: 'v1', isStored: true, ...EVERY_VERSION },
  ],
};
