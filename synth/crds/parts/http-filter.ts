import type { Constraints, JsonSchema } from '../schema.ts';
import { array, choice, integer, object, string } from '../schema.ts';
import { HEADER_NAME } from './http-match.ts';
import { DNS_SUBDOMAIN } from './reference.ts';
import { PORT } from './route.ts';

const HEADER_VALUES = array(
  'Headers and their values.',
  object(
    'A header and its value.',
    { name: HEADER_NAME, value: string('The value.', { minLength: 1, maxLength: 4096 }) },
    { required: ['name', 'value'] },
  ),
  { maxItems: 16, mapKeys: ['name'] },
);

/** @param removal what holds for the list of names to remove beyond its length. */
export function headerModifier(description: string, removal: { readonly isSet?: true } = {}): JsonSchema {
  return object(description, {
    set: { ...HEADER_VALUES, description: 'Headers to set, in place of any value they have.' },
    add: { ...HEADER_VALUES, description: 'Headers to add to the values they have.' },
    remove: array('Headers to remove.', string('Name of a header, in any case.'), {
      maxItems: 16,
      ...removal,
    }),
  });
}

/** A host name, without a wildcard and without a port. */
export function preciseHostname(description: string): JsonSchema {
  return string(description, { minLength: 1, maxLength: 253, pattern: DNS_SUBDOMAIN });
}

export function pathModifier(description: string, constraints: Constraints = {}): JsonSchema {
  return object(
    description,
    {
      type: choice('Which of the two is done.', ['ReplaceFullPath', 'ReplacePrefixMatch']),
      replaceFullPath: string('The whole new path.', { maxLength: 1024 }),
      replacePrefixMatch: string('What takes the place of the prefix that matched.', { maxLength: 1024 }),
    },
    { required: ['type'], ...constraints },
  );
}

export function requestRedirect(path: JsonSchema): JsonSchema {
  return object('Answers with a redirect. What is left out stays as in the request.', {
    scheme: choice('Scheme to redirect to.', ['http', 'https']),
    hostname: preciseHostname('Host to redirect to.'),
    path,
    port: integer('Port to redirect to.', PORT),
    statusCode: choice('Status of the answer.', [301, 302], { default: 302 }),
  });
}

/** Which filter it is, and under the field of that name what it does. */
export function filters(
  filter: { readonly types: readonly string[]; readonly fields: Readonly<Record<string, JsonSchema>> },
  constraints: { readonly list?: Constraints; readonly item?: Constraints } = {},
): JsonSchema {
  const type = choice('Which filter it is; the field of that name says what it does.', filter.types);
  const item = object('A filter.', { type, ...filter.fields }, { required: ['type'], ...constraints.item });
  return array('What is done to requests, and to their responses, on the way.', item, {
    maxItems: 16,
    ...constraints.list,
  });
}
