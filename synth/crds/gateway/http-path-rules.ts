import type { ValidationRule } from '../schema.ts';

/** A regular expression may be anything; the other two are paths. */
const IS_PATH = "(self.type in ['Exact','PathPrefix'])";
const PATH_CHARACTERS = "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$";

function pathRule(condition: string, message: string): ValidationRule {
  return { message: `a path ${message}`, rule: `${IS_PATH} ? ${condition} : true` };
}

/** A path that requests can have once they are normalized: nothing in it means another path. */
export const PATH_RULES: readonly ValidationRule[] = [
  pathRule("self.value.startsWith('/')", "must start with '/'"),
  ...['//', '/./', '/../', '%2f', '%2F', '#'].map((part) =>
    pathRule(`!self.value.contains('${part}')`, `cannot contain '${part}'`),
  ),
  ...['/..', '/.'].map((end) => pathRule(`!self.value.endsWith('${end}')`, `cannot end with '${end}'`)),
  {
    message: 'type must be Exact, PathPrefix or RegularExpression',
    rule: "self.type in ['Exact','PathPrefix'] || self.type == 'RegularExpression'",
  },
  pathRule(
    `self.value.matches(r"""${PATH_CHARACTERS}""")`,
    'has only letters, digits, percent-encoded bytes and the punctuation of RFC 3986',
  ),
];

/** For a prefix to be replaced there must be one: a single match, by PathPrefix. */
const HAS_ONE_PREFIX =
  "((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true)";

function replacesPrefix(field: string): string {
  const path = `f.${field}.path`;
  return (
    `f, has(f.${field}) && has(${path}) && ` +
    `${path}.type == 'ReplacePrefixMatch' && has(${path}.replacePrefixMatch)`
  );
}

function prefixRule(field: string): ValidationRule {
  return {
    message: `${field} that replaces a prefix needs exactly one match, of type PathPrefix`,
    rule: `(has(self.filters) && self.filters.exists_one(${replacesPrefix(field)})) ? ${HAS_ONE_PREFIX} : true`,
  };
}

function backendPrefixRule(field: string): ValidationRule {
  return {
    message: `${field} that replaces a prefix, in a backend, needs exactly one match, of type PathPrefix`,
    rule:
      '(has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && ' +
      `b.filters.exists_one(${replacesPrefix(field)})) )) ? ${HAS_ONE_PREFIX} : true`,
  };
}

export const PREFIX_RULES: readonly ValidationRule[] = [
  prefixRule('requestRedirect'),
  prefixRule('urlRewrite'),
  backendPrefixRule('requestRedirect'),
  backendPrefixRule('urlRewrite'),
];
