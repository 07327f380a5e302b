import type { Constraints, JsonSchema } from '../schema.ts';
import { object, string } from '../schema.ts';

/** RFC 1123 label: the name of a namespace, a Server, a service account. */
export const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
/** RFC 1123 subdomain: labels with dots between. */
export const DNS_SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

const GROUP_OR_CORE = `^$|${DNS_SUBDOMAIN}`;
const KIND = '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$';

/** The parts of a reference from one object to another. */
export function groupName(description: string, constraints: Constraints = {}): JsonSchema {
  return string(description, { maxLength: 253, pattern: GROUP_OR_CORE, ...constraints });
}

export function kindName(description: string, constraints: Constraints = {}): JsonSchema {
  return string(description, { minLength: 1, maxLength: 63, pattern: KIND, ...constraints });
}

export function objectName(description: string): JsonSchema {
  return string(description, { minLength: 1, maxLength: 253 });
}

export function namespaceName(description: string): JsonSchema {
  return string(description, { minLength: 1, maxLength: 63, pattern: DNS_LABEL });
}

/** As policies and authentications take it: no pattern, and empty is allowed. */
export function looseNamespaceName(description: string): JsonSchema {
  return string(description, { maxLength: 253 });
}

/** An object in the same namespace, by group, kind and name. */
export function localReference(description: string): JsonSchema {
  return object(
    description,
    {
      group: groupName('API group of the target; empty means core.'),
      kind: kindName('Kind of the target.'),
      name: objectName('Name of the target, which is in the same namespace.'),
    },
    { required: ['kind', 'name'] },
  );
}
