import type { Random } from '#lib/base';
import type { Group, JsonSchema, Leaf } from '../../synth/values/spec.ts';

/** Texts that have gone wrong on their way through YAML or Go somewhere. */
const TEXTS: readonly string[] = [
  '',
  'plain',
  'yes',
  'null',
  '~',
  '1e3',
  '0x1f',
  '0777',
  '1_000',
  '12:30:45',
  '2026-11-21',
  '=',
  '<<',
  'a: b',
  'a #b',
  '- a',
  '&a *b !c',
  ' around ',
  'it\'s "quoted" \\ back',
  '{{ .Values.gone }}',
  '100%s %d',
  '$(POD_IP)',
  '$1 $2',
  '<a href="x">&amp;</a>',
  'ünïcødé 😀',
  'tab\there',
  '-----BEGIN CERTIFICATE-----\nMIIB\n\n  AQAB==\n-----END CERTIFICATE-----\n',
  'first\r\nsecond',
  'long '.repeat(400),
  '10s',
  '1h0m0s',
  '100m',
  '64Mi',
  '0',
  '8080,9000-9010',
  '10.0.0.0/8,fd00::/8',
  'a.example',
  'debug',
  'info,linkerd=debug',
  'some-namespace',
];
const NUMBERS: readonly number[] = [
  0, 1, 2, 3, -1, 5, 60, 250, 4143, 65_534, 1_000_000, 21_000_000, 2_147_483_647,
];
const FRACTIONS: readonly number[] = [...NUMBERS, 0.25, 1.5, 0.000_001];
const KEYS: readonly string[] = ['plain', 'example.com/with-slash', 'camelCase', '8', 'yes', 'a.b'];
const STRUCTURES: readonly unknown[] = [
  {},
  { runAsUser: 1_000_000, drop: ['ALL'], seccomp: { type: 'RuntimeDefault' } },
  { key: 'a', operator: 'Exists', on: true, ratio: 0.5 },
];
const MAX_ITEMS = 3;
const SHARE_OF_KEYS = 0.3;
const ABSENT = Symbol('absent');

/** Values that a user might give: some of the spec's keys, each with what its schema allows. */
export function generateValues(spec: Group, random: Random): Record<string, unknown> {
  const entries = Object.entries(spec.fields).flatMap(([key, field]) => {
    const value = field.node === 'group' ? generateGroup(field, random) : generateLeaf(field, random);
    return value === ABSENT ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

function generateGroup(group: Group, random: Random): unknown {
  const values = generateValues(group, random);
  return Object.keys(values).length === 0 ? ABSENT : values;
}

function generateLeaf(leaf: Leaf<unknown>, random: Random): unknown {
  if (random() > SHARE_OF_KEYS) return ABSENT;
  return generate(leaf.schema, random, leaf.default);
}

function pick<T>(choices: readonly T[], random: Random): T | undefined {
  return choices[Math.floor(random() * choices.length)];
}

/** A value that the schema allows; `fallback` where none of ours fits, as under a pattern. */
function generate(schema: JsonSchema, random: Random, fallback: unknown): unknown {
  const choices = schema['enum'];
  if (Array.isArray(choices)) return pick(choices, random);
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(alternatives))
    return generate(pick(alternatives, random) as JsonSchema, random, fallback);
  switch (pick([schema['type'] ?? 'any'].flat(), random)) {
    case 'string':
      return pick(fitting(TEXTS, schema), random) ?? fallback ?? ABSENT;
    case 'integer':
      return pick(fitting(NUMBERS, schema), random) ?? fallback;
    case 'number':
      return pick(fitting(FRACTIONS, schema), random) ?? fallback;
    case 'boolean':
      return random() < 0.5;
    case 'null':
      return null;
    case 'array':
      return generateList(schema, random);
    default:
      return generateMap(schema, random);
  }
}

function fitting<T extends string | number>(choices: readonly T[], schema: JsonSchema): readonly T[] {
  const { pattern, minimum = -Infinity, maximum = Infinity } = schema;
  return choices.filter((choice) => {
    if (typeof choice === 'string')
      return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(choice);
    return Number(choice) >= Number(minimum) && Number(choice) <= Number(maximum);
  });
}

function generateList(schema: JsonSchema, random: Random): unknown[] {
  const items = (schema['items'] ?? { type: 'object' }) as JsonSchema;
  return Array.from({ length: Math.floor(random() * (MAX_ITEMS + 1)) }, () =>
    generate(items, random, ABSENT),
  ).filter((item) => item !== ABSENT);
}

function generateMap(schema: JsonSchema, random: Random): unknown {
  const { properties, required, additionalProperties } = schema;
  if (typeof properties === 'object' && properties !== null) {
    const known = Object.entries(properties as Readonly<Record<string, JsonSchema>>)
      .filter(([key]) => [required ?? []].flat().includes(key) || random() < 0.5)
      .map(([key, inner]) => [key, generate(inner, random, ABSENT)] as const);
    return Object.fromEntries(known.filter(([, value]) => value !== ABSENT));
  }
  if (typeof additionalProperties !== 'object' || additionalProperties === null)
    return pick(STRUCTURES, random);
  const keys = KEYS.filter(() => random() < 0.5);
  const entries = keys.map(
    (key) => [key, generate(additionalProperties as JsonSchema, random, ABSENT)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== ABSENT));
}
