import type { PrinterColumn } from '../definition.ts';
import { AGE } from '../definition.ts';
import type { Constraints, JsonSchema } from '../schema.ts';
import { array, integer, object, string } from '../schema.ts';
import { STRICT_CONDITIONS } from './condition.ts';
import { DNS_SUBDOMAIN, groupName, kindName, namespaceName, objectName } from './reference.ts';

export const PORT = { format: 'int32', minimum: 1, maximum: 65_535 } as const;

const HOSTNAME = '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const CONTROLLER_NAME =
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$";

const HOSTNAMES_COLUMN: PrinterColumn = {
  name: 'Hostnames',
  type: 'string',
  jsonPath: '.spec.hostnames',
};
export const ROUTE_COLUMNS: readonly PrinterColumn[] = [HOSTNAMES_COLUMN, AGE];

export const HOSTNAMES: JsonSchema = array(
  'Hosts that the route is for; without any, it is for all.',
  string('A host name; the first label may be a wildcard.', {
    minLength: 1,
    maxLength: 253,
    pattern: HOSTNAME,
  }),
  { maxItems: 16 },
);

/** What a route is attached to. The group is taken for `defaultGroup` when it is left out, the kind for Gateway. */
export function parentRef(
  defaultGroup: string,
  port: JsonSchema = integer('Port of the parent that the route is for.', PORT),
): JsonSchema {
  return object(
    'What the route is attached to.',
    {
      group: groupName('API group of the parent; empty means core.', { default: defaultGroup }),
      kind: kindName('Kind of the parent: Server, Service, EgressNetwork, Gateway.', { default: 'Gateway' }),
      namespace: namespaceName('Namespace of the parent; that of the route when left out.'),
      name: objectName('Name of the parent.'),
      sectionName: string('Part of the parent that the route is for.', {
        minLength: 1,
        maxLength: 253,
        pattern: DNS_SUBDOMAIN,
      }),
      port,
    },
    { required: ['name'] },
  );
}

export function parentRefs(ref: JsonSchema, constraints: Constraints = {}): JsonSchema {
  return array('What the route is attached to.', ref, { maxItems: 32, ...constraints });
}

const BACKEND_FIELDS = {
  group: groupName('API group of the backend; empty means core.', { default: '' }),
  kind: kindName('Kind of the backend.', { default: 'Service' }),
  name: objectName('Name of the backend.'),
  namespace: namespaceName('Namespace of the backend; that of the route when left out.'),
  port: integer('Port of the backend.', PORT),
};

/** One backend, for a mirror. */
export function backendRef(description: string, constraints: Constraints = {}): JsonSchema {
  return object(description, BACKEND_FIELDS, { required: ['name'], ...constraints });
}

/** One of several backends, with its share. */
export function weightedBackendRef(
  extraFields: Readonly<Record<string, JsonSchema>> = {},
  constraints: Constraints = {},
): JsonSchema {
  const weight = integer('Share of the requests, relative to the other backends; 0 sends none.', {
    format: 'int32',
    minimum: 0,
    maximum: 1_000_000,
    default: 1,
  });
  const fields = { ...BACKEND_FIELDS, weight, ...extraFields };
  return object('Where requests go.', fields, { required: ['name'], ...constraints });
}

/** What each controller says about the route and one parent of it. */
export function routeStatus(ref: JsonSchema): JsonSchema {
  const parent = object(
    'What one controller says about one parent.',
    {
      parentRef: ref,
      controllerName: string('The controller that says so: a domain and a path.', {
        minLength: 1,
        maxLength: 253,
        pattern: CONTROLLER_NAME,
      }),
      conditions: STRICT_CONDITIONS,
    },
    { required: ['controllerName', 'parentRef'] },
  );
  return object(
    'What controllers say about the route.',
    { parents: array('What they say, parent by parent.', parent, { maxItems: 32 }) },
    { required: ['parents'] },
  );
}
