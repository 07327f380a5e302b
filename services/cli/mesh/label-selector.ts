import { MeshError } from '#lib/base';
import type { LabelExpression, LabelSelector } from '#lib/resources';

const KEY = '[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?';
const EQUALITY = new RegExp(`^(${KEY})\\s*(=|==|!=)\\s*([-A-Za-z0-9_.]*)$`);
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([-A-Za-z0-9_.,\\s]*)\\)$`);
const EXISTENCE = new RegExp(`^(!?)\\s*(${KEY})$`);

/**
 * Reads a selector as kubectl's `-l` takes it: `app=web,tier!=db,env in (a, b),!canary`; an empty text means every
 * object. Throws SELECTOR_INVALID. Source: kubernetes.io, "Labels and Selectors".
 */
export function parseLabelSelector(text: string): LabelSelector {
  // A comma within brackets separates values.
  const parts = text.trim() === '' ? [] : text.split(/,(?![^(]*\))/);
  return { matchExpressions: parts.map((part) => parseRequirement(part.trim(), text)) };
}

function parseRequirement(part: string, text: string): LabelExpression {
  const equality = EQUALITY.exec(part);
  if (equality) {
    const [, key = '', operator, value = ''] = equality;
    return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] };
  }
  const set = SET.exec(part);
  if (set) {
    const [, key = '', operator, values = ''] = set;
    return {
      key,
      operator: operator === 'in' ? 'In' : 'NotIn',
      values: values.split(',').map((v) => v.trim()),
    };
  }
  const existence = EXISTENCE.exec(part);
  if (existence)
    return { key: existence[2] ?? '', operator: existence[1] === '!' ? 'DoesNotExist' : 'Exists' };
  throw new MeshError(
    'SELECTOR_INVALID',
    `the selector ${JSON.stringify(text)} is not valid at ${JSON.stringify(part)}: write it like app=web,tier!=db`,
  );
}
