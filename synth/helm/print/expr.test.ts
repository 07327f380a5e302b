import { describe, expect, it } from 'vitest';
import {
  and,
  atLeast,
  base64,
  choose,
  defaultTo,
  eq,
  fieldOf,
  isExpr,
  isSet,
  joinEntries,
  joinText,
  jsonText,
  mapOf,
  mergeMaps,
  not,
  type Operation,
  omitKeys,
  omitPath,
  or,
  refer,
  required,
  sha256,
  spelled,
  text,
  toNode,
  trim,
  upperSnake,
  type Value,
  yamlText,
} from '#lib/expr';
import { printCondition, printExpr } from './expr.ts';
import { enterLoop, OUTERMOST } from './scope.ts';

const name = refer<string>(['a', 'name'], { type: 'string' });
const flag = refer<boolean>(['flag'], { type: 'boolean' });
const other = refer<boolean>(['other'], { type: 'boolean' });
const count = refer<number>(['count'], { type: 'integer' });
const ratio = refer<number>(['ratio'], { type: 'number' });
const any = refer<string | number>(['any'], { type: 'any' });
const list = refer<readonly string[]>(['list'], { type: 'list' });
const map = refer<Readonly<Record<string, string>>>(['map'], { type: 'map' });
const all = refer<Readonly<Record<string, unknown>>>([], { type: 'map' });
const namespace = refer<string>(['Namespace'], { type: 'string', root: 'Release' });

const print = (value: Value<unknown>): string => printExpr(toNode(value), OUTERMOST);

/** Of each operation at least one printed form. */
const PRINTED: Readonly<Record<Operation, readonly (readonly [Value<unknown>, string])[]>> = {
  text: [
    [text`${name}.${namespace}.svc`, 'printf "%s.%s.svc" .Values.a.name .Release.Namespace'],
    [text`100% ${count}`, 'printf "100%% %d" (int64 .Values.count)'],
    [text`${flag} ${ratio}`, 'printf "%t %s" .Values.flag (toJson .Values.ratio)'],
    [text`-${any}`, 'printf "-%s" (include "linkerd-synth.spelled" .Values.any)'],
    [text`"\n${name}`, 'printf "\\"\\n%s" .Values.a.name'],
  ],
  eq: [
    [eq(name, 'a b'), 'eq .Values.a.name "a b"'],
    [eq(count, 1), 'eq (int64 .Values.count) 1'],
    [eq(ratio, 1), 'eq (float64 .Values.ratio) 1.0'],
    [eq(any, 'x'), 'eq (toRawJson .Values.any) (toRawJson "x")'],
  ],
  atLeast: [
    [atLeast(count, 0), 'ge (int64 .Values.count) 0'],
    [atLeast(ratio, 0.5), 'ge (float64 .Values.ratio) 0.5'],
  ],
  not: [
    [not(flag), 'not .Values.flag'],
    [not(isSet(name)), 'not .Values.a.name'],
  ],
  and: [[and(flag, isSet(name)), 'and .Values.flag (not (empty .Values.a.name))']],
  or: [[or(flag, eq(name, 'x')), 'or .Values.flag (eq .Values.a.name "x")']],
  isSet: [[isSet(list), 'not (empty .Values.list)']],
  choose: [[choose(eq(name, 'x'), name, 'b'), 'ternary .Values.a.name "b" (eq .Values.a.name "x")']],
  defaultTo: [
    [defaultTo(name, 'b'), 'default "b" .Values.a.name'],
    [defaultTo(defaultTo(name, ''), namespace), 'default .Release.Namespace .Values.a.name'],
    [defaultTo(list, []), 'default (list) .Values.list'],
  ],
  fieldOf: [
    [fieldOf(map, 'plain'), '.Values.map.plain'],
    [fieldOf(map, 'a/b'), 'index .Values.map "a/b"'],
  ],
  joinText: [[joinText(',', list), 'join "," .Values.list']],
  joinEntries: [
    [
      joinEntries(map, { between: '=', after: '\n' }),
      'include "linkerd-synth.join-entries" (dict "map" .Values.map "between" "=" "after" "\\n")',
    ],
  ],
  trim: [[trim(name), 'trim .Values.a.name']],
  spelled: [[spelled(any), 'include "linkerd-synth.spelled" (default "" .Values.any)']],
  upperSnake: [
    [upperSnake(name), `upper (regexReplaceAll "([a-z0-9])([A-Z])" .Values.a.name "\${1}_\${2}")`],
  ],
  sha256: [[sha256(trim(name)), 'sha256sum (trim .Values.a.name)']],
  base64: [[base64(name), 'b64enc .Values.a.name']],
  yamlText: [[yamlText(map), 'printf "%s\\n" (toYaml .Values.map)']],
  jsonText: [[jsonText(map), 'toRawJson .Values.map']],
  mapOf: [[mapOf({ 'a/b': name, c: 'd' }), 'dict "a/b" .Values.a.name "c" "d"']],
  mergeMaps: [
    [mergeMaps(map, mapOf({ a: name })), 'mergeOverwrite (deepCopy .Values.map) (dict "a" .Values.a.name)'],
    [
      mergeMaps<unknown>(mapOf<unknown>({ a: map }), { b: 1 }),
      'mergeOverwrite (deepCopy (dict "a" .Values.map)) (dict "b" 1)',
    ],
  ],
  omitKeys: [[omitKeys(map, ['a', 'b']), 'omit .Values.map "a" "b"']],
  omitPath: [
    [omitPath(all, ['tls', 'key']), 'set (omit .Values "tls") "tls" (omit .Values.tls "key")'],
    [
      omitPath(omitPath(all, ['tls', 'key']), ['b', 'c']),
      'set (omit (set (omit .Values "tls") "tls" (omit .Values.tls "key")) "b") "b" (omit .Values.b "c")',
    ],
  ],
  required: [[required('say so', name), 'required "say so" .Values.a.name']],
};

describe('printExpr', () => {
  const cases = Object.entries(PRINTED).flatMap(([operation, forms]) =>
    forms.map(([value, printed]) => ({ operation, value, printed })),
  );
  it.each(cases)('$operation: $printed', ({ value, printed }) => {
    expect(isExpr(value)).toBe(true);
    expect(print(value)).toBe(printed);
  });

  it('refers by index to keys that are no identifiers', () => {
    const limit = refer<string>(['resources', 'ephemeral-storage', 'limit'], { type: 'string' });
    expect(print(limit)).toBe('(index .Values.resources "ephemeral-storage").limit');
  });

  it('refers to what may be absent without failing', () => {
    const nilSafe = (...path: readonly string[]) => print(refer(path, { type: 'string', isNilSafe: true }));
    expect(nilSafe('a', 'b', 'c')).toBe('((.Values.a).b).c');
    expect(nilSafe('a', 'b-c', 'd')).toBe('dig "b-c" "d" nil (default dict .Values.a)');
  });

  it('reaches the values from within a loop, whose variables are called by its depth', () => {
    const loop = enterLoop(enterLoop(OUTERMOST, 'key7', 'item7'), 'key9', 'item9');
    const printed = [name.node, { op: 'variable', type: 'any', name: 'item7' } as const].map((node) =>
      printExpr(node, loop),
    );
    expect([...printed, printExpr({ op: 'variable', type: 'any', name: 'key9' }, loop)]).toEqual([
      '$.Values.a.name',
      '$item',
      '$key2',
    ]);
  });

  it('writes constants as Go reads them', () => {
    expect(print(mapOf<unknown>({ a: name, b: ['x', 1, null], c: { d: true } }))).toBe(
      'dict "a" .Values.a.name "b" (list "x" 1 nil) "c" (dict "d" true)',
    );
    expect(() => print(eq(name, '\ud800'))).toThrow('has no form in a Helm template');
  });
});

describe('printCondition', () => {
  it.each<[Value<boolean>, string]>([
    [isSet(name), '.Values.a.name'],
    [isSet(defaultTo(name, '')), '.Values.a.name'],
    [isSet(defaultTo(name, namespace)), 'or .Values.a.name .Release.Namespace'],
    [not(isSet(list)), 'not .Values.list'],
    [or(or(flag, other), flag), 'or .Values.flag .Values.other'],
    [and(flag, or(other, isSet(name))), 'and .Values.flag (or .Values.other .Values.a.name)'],
    [eq(name, 'x'), 'eq .Values.a.name "x"'],
  ])('%#: %s', (condition, printed) => expect(printCondition(toNode(condition), OUTERMOST)).toBe(printed));
});
