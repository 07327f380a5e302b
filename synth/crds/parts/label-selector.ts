import type { JsonSchema } from '../schema.ts';
import { amend, array, choice, object, preserveUnknown, string } from '../schema.ts';

const EXPRESSION = object(
  'One condition on a label.',
  {
    key: string('Key of the label.'),
    operator: choice('How the label is compared.', ['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: array('What In and NotIn compare with.', string('A value of the label.')),
  },
  { required: ['key', 'operator'] },
);

/** By labels, by expressions, or both; an empty selector selects everything. */
export function labelSelector(description: string): JsonSchema {
  return object(description, {
    matchLabels: preserveUnknown('Labels and their values, all of which must be there.'),
    matchExpressions: array('Conditions that must all hold.', EXPRESSION),
  });
}

/** By labels or by expressions, one of the two. */
export function eitherLabelSelector(description: string): JsonSchema {
  return amend(labelSelector(description), { exactlyOneOf: ['matchExpressions', 'matchLabels'] });
}
