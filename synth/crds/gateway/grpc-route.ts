import type { CrdDefinition, CrdVersion } from '../definition.ts';
import { HEADER_MATCHES, STRING_MATCH_TYPE } from '../parts/http-match.ts';
import { HOSTNAMES, ROUTE_COLUMNS } from '../parts/route.ts';
import type { ValidationRule } from '../schema.ts';
import { array, object, string } from '../schema.ts';
import { GRPC_FILTERS } from './filters.ts';
import { GATEWAY_API, GATEWAY_CATEGORIES, gatewayBackendRef, PARENT_REFS, ROUTE_STATUS } from './route.ts';
import { SESSION_PERSISTENCE } from './session-persistence.ts';

const SERVICE_NAME = '^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$';
const METHOD_NAME = '^[A-Za-z_][A-Za-z_0-9]*$';

function exactNameRule(field: string, pattern: string): ValidationRule {
  return {
    message: `${field} must be the name of a gRPC ${field}`,
    rule:
      `(!has(self.type) || self.type == 'Exact') && has(self.${field}) ? ` +
      `self.${field}.matches(r"""${pattern}"""): true`,
  };
}

const METHOD = object(
  'The gRPC method, or all methods of a service.',
  {
    type: STRING_MATCH_TYPE,
    service: string('The service with its package: io.linkerd.proxy.tap.Tap.', { maxLength: 1024 }),
    method: string('The method of the service.', { maxLength: 1024 }),
  },
  {
    rules: [
      {
        message: 'give a service, a method, or both',
        rule: 'has(self.type) ? has(self.service) || has(self.method) : true',
      },
      exactNameRule('service', SERVICE_NAME),
      exactNameRule('method', METHOD_NAME),
    ],
  },
);

const RULE = object('Which calls, and what happens to them.', {
  matches: array(
    'The rule is for calls that match any of these; without any, for all.',
    object('Conditions that must all hold.', { method: METHOD, headers: HEADER_MATCHES }),
    { maxItems: 8 },
  ),
  filters: GRPC_FILTERS,
  backendRefs: array('Where calls go, each with its share.', gatewayBackendRef({ filters: GRPC_FILTERS }), {
    maxItems: 16,
  }),
  sessionPersistence: SESSION_PERSISTENCE,
});

const EVERY_VERSION: Omit<CrdVersion, 'name'> = {
  columns: ROUTE_COLUMNS,
  hasStatusSubresource: true,
  isSpecOptional: true,
  spec: object('What the route is attached to, and what it does.', {
    parentRefs: PARENT_REFS,
    hostnames: HOSTNAMES,
    rules: array('The rule with the most specific match decides.', RULE, { maxItems: 16 }),
  }),
  status: ROUTE_STATUS,
};

export const GATEWAY_GRPC_ROUTE: CrdDefinition = {
  ...GATEWAY_API,
  names: { kind: 'GRPCRoute', plural: 'grpcroutes', categories: GATEWAY_CATEGORIES },
  description: 'gRPC calls to a Gateway or a Service, told apart by what is in them.',
  versions: [
    {
      name: 'v1alpha2',
      deprecation:
        'GRPCRoute of gateway.networking.k8s.io/v1alpha2 is deprecated: use gateway.networking.k8s.io/v1',
      ...EVERY_VERSION,
    },
    { name: 'v1', isStored: true, ...EVERY_VERSION },
  ],
};
