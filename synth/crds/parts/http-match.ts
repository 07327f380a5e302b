import type { JsonSchema } from '../schema.ts';
import { array, choice, object, string } from '../schema.ts';

/** A field name of HTTP (RFC 9110, section 5.6.2: token). */
export const HTTP_TOKEN = "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$";
export const ANY_PATH = { type: 'PathPrefix', value: '/' };

export const HEADER_NAME = string('Name of the header, in any case.', {
  minLength: 1,
  maxLength: 256,
  pattern: HTTP_TOKEN,
});

export const STRING_MATCH_TYPE = choice('How the value is compared.', ['Exact', 'RegularExpression'], {
  default: 'Exact',
});

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

export const HEADER_MATCHES: JsonSchema = array(
  'Headers that must all match.',
  object(
    'A header and its value.',
    {
      name: HEADER_NAME,
      type: STRING_MATCH_TYPE,
      value: string('What the value must be, or match.', { minLength: 1, maxLength: 4096 }),
    },
    { required: ['name', 'value'] },
  ),
  { maxItems: 16, mapKeys: ['name'] },
);

export const PATH_MATCH: JsonSchema = object(
  'The path of the request, without its query.',
  {
    type: choice('How the path is compared.', ['Exact', 'PathPrefix', 'RegularExpression'], {
      default: 'PathPrefix',
    }),
    value: string('What the path must be, begin with, or match.', { default: '/', maxLength: 1024 }),
  },
  { default: ANY_PATH },
);

/** @param nameConstraints what the name of a parameter must be beyond its length. */
export function queryParamMatches(nameConstraints: { readonly pattern?: string } = {}): JsonSchema {
  return array(
    'Query parameters that must all match.',
    object(
      'A query parameter and its value.',
      {
        name: string('Name of the parameter.', { minLength: 1, maxLength: 256, ...nameConstraints }),
        type: STRING_MATCH_TYPE,
        value: string('What the value must be, or match.', { minLength: 1, maxLength: 1024 }),
      },
      { required: ['name', 'value'] },
    ),
    { maxItems: 16, mapKeys: ['name'] },
  );
}

/** What differs from one API group to the other is passed in. */
export function httpMatches(parts: {
  readonly path: JsonSchema;
  readonly queryParams: JsonSchema;
}): JsonSchema {
  return array(
    'The rule is for requests that match any of these.',
    object('Conditions that must all hold.', {
      path: parts.path,
      headers: HEADER_MATCHES,
      queryParams: parts.queryParams,
      method: choice('The method of the request.', METHODS),
    }),
    { maxItems: 8, default: [{ path: ANY_PATH }] },
  );
}
