import type { JsonSchema } from '../schema.ts';
import { array, object } from '../schema.ts';
import { gatewayBackendRef } from './route.ts';

const RULE = object('Where connections go.', {
  backendRefs: array('Where connections go, each with its share.', gatewayBackendRef(), {
    minItems: 1,
    maxItems: 16,
  }),
});

/** The rules of a route whose connections are not looked into. */
export const CONNECTION_RULES: JsonSchema = array('Where connections go.', RULE, {
  minItems: 1,
  maxItems: 16,
});
