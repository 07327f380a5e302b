import type { JsonSchema } from '../schema.ts';
import { amend, array, choice, integer, object, string } from '../schema.ts';

const QUALIFIED_NAME =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$';
const REASON = '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$';

const CONDITION = object('One aspect of the state.', {
  type: string('Which aspect.', { maxLength: 316, pattern: QUALIFIED_NAME }),
  status: choice('Whether it holds.', ['True', 'False', 'Unknown']),
  reason: string('Why, in one word for programs.', { minLength: 1, maxLength: 1024, pattern: REASON }),
  message: string('Why, in a sentence for people.', { maxLength: 32_768 }),
  lastTransitionTime: string('When the status changed last.', { format: 'date-time' }),
});

/** Nothing about a condition is required. */
export const CONDITIONS: JsonSchema = array('The state, aspect by aspect.', CONDITION);

/** With the time of the last probe as well, as workloads report it. */
export const PROBED_CONDITIONS: JsonSchema = array(
  'The state, aspect by aspect. Ready=True makes it an endpoint.',
  amend(CONDITION, {
    add: { lastProbeTime: string('When it was probed last.', { format: 'date-time' }) },
  }),
);

/** As `meta/v1` defines conditions: complete, and one of a type. */
export const STRICT_CONDITIONS: JsonSchema = array(
  'The state, aspect by aspect.',
  amend(CONDITION, {
    add: {
      observedGeneration: integer('Generation of the object that this is about.', {
        format: 'int64',
        minimum: 0,
      }),
    },
    required: ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
  }),
  { minItems: 1, maxItems: 8, mapKeys: ['type'] },
);
