import type { JsonSchema } from '../schema.ts';
import { array, object, string } from '../schema.ts';

const NETWORK = object(
  'A range of addresses.',
  {
    cidr: string('The range, as CIDR or as a single address.'),
    except: array('Ranges inside it that do not count.', string('A range, as CIDR or as a single address.')),
  },
  { required: ['cidr'] },
);

export function networks(description: string): JsonSchema {
  return array(description, NETWORK);
}
