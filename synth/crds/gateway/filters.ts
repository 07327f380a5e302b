import {
  filters,
  headerModifier,
  pathModifier,
  preciseHostname,
  requestRedirect,
} from '../parts/http-filter.ts';
import { groupName, kindName, objectName } from '../parts/reference.ts';
import type { JsonSchema, ValidationRule } from '../schema.ts';
import { object } from '../schema.ts';
import { MIRROR_BACKEND } from './route.ts';

/** A filter's type, and the field that says what it does. */
const FIELD_OF_TYPE = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  ExtensionRef: 'extensionRef',
} as const;

type FilterType = keyof typeof FIELD_OF_TYPE;

/** `replaceFullPath` is set exactly when `type` says so, and likewise the other. */
const PATH_MODIFIER_RULES: readonly ValidationRule[] = [
  { type: 'ReplaceFullPath', field: 'replaceFullPath' },
  { type: 'ReplacePrefixMatch', field: 'replacePrefixMatch' },
].flatMap(({ type, field }) => [
  { message: `type ${type} needs ${field}`, rule: `self.type == '${type}' ? has(self.${field}) : true` },
  { message: `${field} needs type ${type}`, rule: `has(self.${field}) ? self.type == '${type}' : true` },
]);

const PATH_MODIFIER = pathModifier('How the path changes.', { rules: PATH_MODIFIER_RULES });

const FIELDS: Readonly<Record<FilterType, JsonSchema>> = {
  RequestHeaderModifier: headerModifier('Changes headers of the request.', { isSet: true }),
  ResponseHeaderModifier: headerModifier('Changes headers of the response.', { isSet: true }),
  RequestMirror: object(
    'Sends a copy of each request elsewhere, and drops its response.',
    { backendRef: MIRROR_BACKEND },
    { required: ['backendRef'] },
  ),
  RequestRedirect: requestRedirect(PATH_MODIFIER),
  URLRewrite: object('Changes host and path before the request goes on.', {
    hostname: preciseHostname('The new host.'),
    path: PATH_MODIFIER,
  }),
  ExtensionRef: object(
    'A filter that some implementation defines.',
    {
      group: groupName('API group of the filter; empty means core.'),
      kind: kindName('Kind of the filter.'),
      name: objectName('Name of the filter, which is in the same namespace.'),
    },
    { required: ['group', 'kind', 'name'] },
  ),
};

function fieldRules(type: FilterType): readonly ValidationRule[] {
  const field = FIELD_OF_TYPE[type];
  return [
    {
      message: `${field} is only for a filter of type ${type}`,
      rule: `!(has(self.${field}) && self.type != '${type}')`,
    },
    {
      message: `a filter of type ${type} needs ${field}`,
      rule: `!(!has(self.${field}) && self.type == '${type}')`,
    },
  ];
}

function onceRule(type: FilterType): ValidationRule {
  return {
    message: `there can be only one filter of type ${type}`,
    rule: `self.filter(f, f.type == '${type}').size() <= 1`,
  };
}

const NOT_REDIRECT_AND_REWRITE: ValidationRule = {
  message: 'a request is either redirected or rewritten, not both',
  rule: "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",
};

function gatewayFilters(types: readonly FilterType[], listRules: readonly ValidationRule[]): JsonSchema {
  const fields = Object.fromEntries(types.map((type) => [FIELD_OF_TYPE[type], FIELDS[type]]));
  const constraints = { list: { rules: listRules }, item: { rules: types.flatMap(fieldRules) } };
  return filters({ types, fields }, constraints);
}

export const HTTP_FILTERS: JsonSchema = gatewayFilters(
  [
    'RequestHeaderModifier',
    'ResponseHeaderModifier',
    'RequestMirror',
    'RequestRedirect',
    'URLRewrite',
    'ExtensionRef',
  ],
  [
    NOT_REDIRECT_AND_REWRITE,
    onceRule('RequestHeaderModifier'),
    onceRule('ResponseHeaderModifier'),
    onceRule('RequestRedirect'),
    onceRule('URLRewrite'),
  ],
);

export const GRPC_FILTERS: JsonSchema = gatewayFilters(
  ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror', 'ExtensionRef'],
  [onceRule('RequestHeaderModifier'), onceRule('ResponseHeaderModifier')],
);
