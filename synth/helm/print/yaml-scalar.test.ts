import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { printYaml } from './yaml-data.ts';
import { printText } from './yaml-scalar.ts';

const TEXTS = [
  ...[
    '',
    'a',
    'a b',
    'linkerd.io/inject',
    'https://a.example:80/b?c=d',
    'a,b',
    'a: b',
    'a:',
    'a #b',
    '#a',
    '- a',
    '-a',
  ],
  ...[
    'yes',
    'No',
    'on',
    'off',
    'y',
    'N',
    'null',
    '~',
    'true',
    '.inf',
    '.nan',
    '1',
    '1e3',
    '0x1f',
    '0o7',
    '0777',
    '1_0',
  ],
  ...[
    '12:30:45',
    '2026-11-21',
    '=',
    '<<',
    '&a',
    '*a',
    '!a',
    '%a',
    '@a',
    '`a',
    '"a"',
    "'a'",
    '{a}',
    '[a]',
    '|',
    '>',
    '?',
  ],
  ...[
    ' a',
    'a ',
    'a\tb',
    '\t',
    'a\nb',
    'a\nb\n',
    'a\n',
    '\na',
    'a\n\nb\n',
    'a\n  b\n',
    '  a\nb',
    'a \nb',
    'a\n\n',
  ],
  ...[
    'a\r\nb',
    'ünïcødé 😀',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\u0000',
    '$(VAR)',
    '{{ a }}',
    'x'.repeat(500),
    '/a',
    'a/b(c)',
  ],
];

describe('a text in YAML', () => {
  it.each(TEXTS)('%j is read back as it was, by YAML 1.1 and 1.2', (text) => {
    for (const version of ['1.1', '1.2'] as const) {
      expect(parse(`key: ${printText(text)}\n`, { version })).toEqual({ key: text });
      const data = { key: text, list: [text, { [text]: text }] };
      expect(parse(printYaml(data), { version })).toEqual(data);
    }
  });

  it('stands without quotes where nobody could misread it', () => {
    expect(['info', 'a.b/c-d', 'cr.example/proxy:v1', 'warn,linkerd=info'].map(printText)).toEqual([
      'info',
      'a.b/c-d',
      'cr.example/proxy:v1',
      'warn,linkerd=info',
    ]);
  });

  it('of several lines is a block', () => {
    expect(printYaml({ pem: 'a\nb\n', open: 'a\nb' })).toBe('pem: |\n  a\n  b\nopen: |-\n  a\n  b\n');
  });
});
