import { describe, expect, it } from 'vitest';
import { parseContextToken } from './context-token.ts';

describe('parseContextToken', () => {
  it.each([
    ['', { namespace: '', nodeName: '', pod: '' }],
    ['ns:shop', { namespace: 'shop', nodeName: '', pod: '' }],
    ['{"ns":"shop", "nodeName":"n1", "pod":"web-0"}\n', { namespace: 'shop', nodeName: 'n1', pod: 'web-0' }],
    ['{"ns":"shop"}', { namespace: 'shop', nodeName: '', pod: '' }],
    ['{"ns":3,"other":1}', { namespace: '', nodeName: '', pod: '' }],
    ['{', undefined],
    ['[]', undefined],
    ['shop', undefined],
    ['null', undefined],
  ])('%j', (token, expected) => {
    expect(parseContextToken(token)).toEqual(expected);
  });
});
