import type { CrdDefinition } from '../definition.ts';
import { backendRef, parentRef, parentRefs, routeStatus, weightedBackendRef } from '../parts/route.ts';
import type { JsonSchema, ValidationRule } from '../schema.ts';

/** What every route of the Gateway API shares. Source: kubernetes-sigs/gateway-api v1.1.1, config/crd/experimental. */

type GatewayDefinition = Pick<CrdDefinition, 'group' | 'annotations'>;

export const GATEWAY_API: GatewayDefinition = {
  group: 'gateway.networking.k8s.io',
  annotations: {
    'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/2997',
    'gateway.networking.k8s.io/bundle-version': 'v1.1.1',
    'gateway.networking.k8s.io/channel': 'experimental',
    // Other products' routes are of these kinds too: they must not go with our chart.
    'helm.sh/resource-policy': 'keep',
  },
};
export const GATEWAY_CATEGORIES = ['gateway-api'];

/** A duration as GEP-2257 writes it. */
export const GEP_DURATION = '^([0-9]{1,5}(h|m|s|ms)){1,4}$';

const isUnset = (ref: string, field: string, empty: string): string =>
  `(!has(${ref}.${field}) || ${ref}.${field} == ${empty})`;

const isEqual = (field: string, empty: string): string =>
  `((${isUnset('p1', field, empty)} && ${isUnset('p2', field, empty)}) || ` +
  `(has(p1.${field}) && has(p2.${field}) && p1.${field} == p2.${field}))`;

const areBothSetOrUnset = (field: string, empty: string): string =>
  `${isUnset('p1', field, empty)} == ${isUnset('p2', field, empty)}`;

const IS_SAME_PARENT = `p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && ${isEqual('__namespace__', "''")}`;

const PARENTS_ARE_TOLD_APART: ValidationRule = {
  message: 'two references to one parent both need a sectionName, or both a port',
  rule:
    `self.all(p1, self.all(p2, ${IS_SAME_PARENT} ? ` +
    `(${areBothSetOrUnset('sectionName', "''")} && ${areBothSetOrUnset('port', '0')}): true))`,
};

const PARENTS_ARE_UNIQUE: ValidationRule = {
  message: 'two references to one parent need different sectionNames or ports',
  rule:
    `self.all(p1, self.exists_one(p2, ${IS_SAME_PARENT} && ` +
    `${isEqual('sectionName', "''")} && ${isEqual('port', '0')}))`,
};

const SERVICE_HAS_PORT: ValidationRule = {
  message: 'a Service as a backend needs a port',
  rule: "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
};

const PARENT_REF = parentRef(GATEWAY_API.group);

export const PARENT_REFS: JsonSchema = parentRefs(PARENT_REF, {
  rules: [PARENTS_ARE_TOLD_APART, PARENTS_ARE_UNIQUE],
});

export const ROUTE_STATUS: JsonSchema = routeStatus(PARENT_REF);

export const MIRROR_BACKEND: JsonSchema = backendRef('Where a copy of each request goes.', {
  rules: [SERVICE_HAS_PORT],
});

/** @param extraFields what a backend of this kind of route has beyond a reference and a weight */
export function gatewayBackendRef(extraFields: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  return weightedBackendRef(extraFields, { rules: [SERVICE_HAS_PORT] });
}
