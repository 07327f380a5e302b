import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isExpr, type Value } from '#lib/expr';
import * as spec from './spec.ts';

const SPEC = spec.group('All values.', {
  domain: spec.text('cluster.local', 'Where names end.', { pattern: '^[a-z.]+$' }),
  level: spec.text('info', 'What is logged | how much.', { enum: ['info', 'debug'] }),
  replicas: spec.integer(1, 'How many.', { minimum: 0 }),
  cores: spec.nullable(spec.integer(null, 'Processors.')),
  surge: spec.intOrText('25%', 'A count or a part.'),
  labels: spec.map<string>({ kept: 'yes', gone: 'no' }, 'Labels.', { type: 'string' }),
  ports: spec.list<number>([80], 'Ports.', { type: 'integer' }),
  selector: spec.whole<object>({ a: { b: 1 } }, 'A selector.'),
  tolerations: spec.optional(spec.list<object>([], 'Tolerations.')),
  tls: spec.group('Certificates.', { key: spec.text('', 'A key.'), 'odd-key': spec.flag(false, 'Odd.') }),
  extra: spec.optional(
    spec.group('More.', { cpu: spec.text('', 'Time.'), 'a.b': spec.integer(0, 'Dotted.') }),
  ),
});

function refusal(user: unknown): string {
  try {
    spec.validateValues(SPEC, user);
    return '';
  } catch (error) {
    return String((error as Error).message);
  }
}

describe('completeValues', () => {
  it('gives defaults, and neutral values for what is optional', () => {
    expect(spec.completeValues(SPEC)).toEqual({
      domain: 'cluster.local',
      level: 'info',
      replicas: 1,
      cores: null,
      surge: '25%',
      labels: { kept: 'yes', gone: 'no' },
      ports: [80],
      selector: { a: { b: 1 } },
      tolerations: [],
      tls: { key: '', 'odd-key': false },
      extra: { cpu: '', 'a.b': 0 },
    });
  });

  it('lays files over each other as Helm does', () => {
    const values = spec.completeValues(
      SPEC,
      { labels: { gone: null, mine: 'a' }, ports: [1, 2], tls: { key: 'x' }, selector: { a: { c: 2 } } },
      { labels: { mine: 'b' }, ports: [3], cores: 2, extra: { cpu: '1' } },
    );
    expect(values.labels).toEqual({ kept: 'yes', mine: 'b' });
    expect(values.ports).toEqual([3]);
    expect(values.selector).toEqual({ a: { b: 1, c: 2 } });
    expect([values.tls.key, values.cores, values.extra]).toEqual(['x', 2, { cpu: '1', 'a.b': 0 }]);
  });
});

describe('coalesceValues', () => {
  it('has what templates see under .Values: no optional keys but those given', () => {
    const values = spec.coalesceValues(SPEC, { extra: { cpu: '1' }, global: { a: 1 } });
    expect(values).toMatchObject({ extra: { cpu: '1' }, global: { a: 1 } });
    expect(values).not.toHaveProperty('tolerations');
  });
});

describe('referValues', () => {
  it('refers to each leaf, with a neutral value where it may be absent', () => {
    const values = spec.referValues(SPEC);
    const nodes = [values.tls.key, values.tolerations, values.extra.cpu].map((value: Value<unknown>) =>
      isExpr(value) ? value.node : undefined,
    );
    expect(nodes).toEqual([
      { op: 'ref', type: 'string', root: 'Values', path: ['tls', 'key'], isNilSafe: false },
      {
        op: 'defaultTo',
        type: 'list',
        args: [
          { op: 'ref', type: 'list', root: 'Values', path: ['tolerations'], isNilSafe: false },
          { op: 'literal', type: 'list', value: [] },
        ],
      },
      {
        op: 'defaultTo',
        type: 'string',
        args: [
          { op: 'ref', type: 'string', root: 'Values', path: ['extra', 'cpu'], isNilSafe: true },
          { op: 'literal', type: 'string', value: '' },
        ],
      },
    ]);
  });
});

describe('validateValues', () => {
  it.each([
    [undefined],
    [{}],
    [{ domain: 'a.b', cores: null, tolerations: null, extra: null, global: { any: 1 } }],
    [{ labels: { kept: null, new: 'x' }, surge: 3, tls: { 'odd-key': true } }],
  ])('takes %j', (user) => expect(refusal(user)).toBe(''));

  it.each([
    [{ domian: 'x' }, 'There is no value domian; did you mean domain?'],
    [{ tls: { crt: 'x' } }, 'There is no value tls.crt; known keys there: key, odd-key'],
    [{ domain: 5 }, 'The value domain: 5 has to be a text (in quotes).'],
    [{ domain: 'A b' }, 'The value domain: "A b" does not match ^[a-z.]+$.'],
    [{ level: 'warn' }, 'The value level: "warn" has to be one of "info", "debug".'],
    [{ replicas: -1 }, 'The value replicas: -1 has to be at least 0.'],
    [{ replicas: 1.5 }, 'The value replicas: 1.5 has to be an integer.'],
    [
      { replicas: null },
      'The value replicas: null may not be taken away: leave the key out for its default.',
    ],
    [{ surge: true }, 'The value surge: true has to be an integer or a text (in quotes).'],
    [{ labels: { a: 1 } }, 'The value labels.a: 1 has to be a text (in quotes).'],
    [{ labels: { unknown: null } }, 'The value labels.unknown: null has to be a text (in quotes).'],
    [{ ports: [1, 'x'] }, 'The value ports.1: "x" has to be an integer.'],
    [{ tls: 'x' }, 'The value tls: "x" has to be a map of keys.'],
    [[], 'The value values: [] has to be a map of keys.'],
    [{ ports: '-----BEGIN PRIVATE KEY-----' }, 'The value ports: (a private key) has to be a list.'],
  ])('refuses %j', (user, message) => expect(refusal(user)).toBe(message));
});

describe('toValuesYaml', () => {
  const yaml = spec.toValuesYaml(SPEC);

  it('holds the defaults', () => expect(parse(yaml)).toEqual(spec.defaultsOf(SPEC)));

  it('holds the meaning of each key above it, in the order of the spec', () => {
    expect(yaml.split('\n').slice(0, 6)).toEqual([
      '# All values.',
      '',
      '# Where names end.',
      'domain: cluster.local',
      '# What is logged | how much.',
      'level: info',
    ]);
    expect(yaml).toContain('tls:\n  # A key.\n  key: ""\n');
  });
});

describe('toJsonSchema', () => {
  it('is closed, but for what Helm puts in, and requires what templates need', () => {
    expect(spec.toJsonSchema(SPEC)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      additionalProperties: false,
      required: ['domain', 'level', 'replicas', 'surge', 'labels', 'ports', 'selector', 'tls'],
      properties: {
        domain: { type: 'string', pattern: '^[a-z.]+$', description: 'Where names end.' },
        cores: { type: ['integer', 'null'] },
        tolerations: { type: ['array', 'null'] },
        tls: { additionalProperties: false, required: ['key', 'odd-key'] },
        extra: { type: ['object', 'null'], additionalProperties: false },
        global: { type: 'object' },
      },
    });
    expect(spec.toJsonSchema(SPEC)).not.toHaveProperty('properties.extra.required');
  });
});

describe('toReadmeTable', () => {
  it('has a row for each key', () => {
    expect(spec.toReadmeTable(SPEC).split('\n')).toEqual(
      expect.arrayContaining([
        '| `domain` | text | `"cluster.local"` | Where names end. |',
        '| `level` | `"info"`, `"debug"` | `"info"` | What is logged \\| how much. |',
        '| `cores` | integer or null | `null` | Processors. |',
        '| `extra."a.b"` | integer | _(absent)_ | Dotted. |',
      ]),
    );
  });
});
