import { describe, expect, it } from 'vitest';
import {
  and,
  atLeast,
  base64,
  choose,
  defaultTo,
  Expr,
  eq,
  fieldOf,
  isSet,
  joinEntries,
  joinText,
  jsonText,
  mapOf,
  mergeMaps,
  not,
  omitKeys,
  omitPath,
  or,
  refer,
  required,
  sha256,
  spelled,
  text,
  trim,
  typeOf,
  upperSnake,
  type Value,
  yamlText,
} from './index.ts';

const name = refer<string>(['name'], { type: 'string' });
const flag = refer<boolean>(['flag'], { type: 'boolean' });
const count = refer<number>(['count'], { type: 'integer' });

/** Hides from the compiler that a value is known. */
function some<T>(value: T): Value<T> {
  return value;
}

describe('operations on known values', () => {
  it.each<[string, unknown, unknown]>([
    ['text', text`a ${some<number>(1)} ${some(true)} ${some<null>(null)}.`, 'a 1 true .'],
    ['eq', eq(some('a'), 'a'), true],
    ['atLeast', [atLeast(some(2), 2), atLeast(some(1), 2)], [true, false]],
    ['not', not(some(false)), true],
    ['and', [and(some(true), some(true)), and(some(true), some(false)), and()], [true, false, true]],
    ['or', [or(some(false), some(true)), or(some(false)), or()], [true, false, false]],
    ['isSet', ['', 0, false, null, undefined, [], {}].map((empty) => isSet(empty)), Array(7).fill(false)],
    [
      'isSet of what is there',
      ['0', 1, true, [0], { a: 0 }].map((value) => isSet(value)),
      Array(5).fill(true),
    ],
    ['choose', choose(some(true), 'yes', 'no'), 'yes'],
    [
      'defaultTo',
      [defaultTo(some(''), 'b'), defaultTo(some('a'), 'b'), defaultTo(some(0), 3)],
      ['b', 'a', 3],
    ],
    ['fieldOf', [fieldOf({ a: 1 }, 'a'), fieldOf<{ a?: number }, 'a'>({}, 'a')], [1, null]],
    ['joinText', joinText(',', ['a', null, 1, true]), 'a,1,true'],
    [
      'joinText, which writes numbers as Go does',
      joinText(' ', [999_999, 1e6, 0.25, 1e-5]),
      '999999 1e+06 0.25 1e-05',
    ],
    ['joinEntries', joinEntries({ b: 'x', a: null }, { between: '=', after: ';' }), 'a=;b=x;'],
    ['trim', trim(' \n\u0085a b\u00a0\t'), 'a b'],
    ['spelled', spelled(20_260_801), '20260801'],
    ['spelled of nothing', spelled(0), ''],
    ['upperSnake', upperSnake('keepAliveInterval2Max'), 'KEEP_ALIVE_INTERVAL2_MAX'],
    ['sha256', sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['base64', base64('é'), 'w6k='],
    [
      'jsonText',
      jsonText({ b: [1, '<&>'], a: { d: null, c: 0.5 } }),
      '{"a":{"c":0.5,"d":null},"b":[1,"<&>"]}',
    ],
    ['mapOf', mapOf({ a: some('b') }), { a: 'b' }],
    [
      'mergeMaps',
      mergeMaps<unknown>({ a: { b: 1, c: 1 } }, { a: { c: '' }, d: [1] }),
      { a: { b: 1, c: '' }, d: [1] },
    ],
    ['omitKeys', omitKeys({ a: 1, b: 2 }, ['a', 'gone']), { b: 2 }],
    ['omitPath', omitPath({ a: { b: { c: 1, d: 2 } }, e: 3 }, ['a', 'b', 'c']), { a: { b: { d: 2 } }, e: 3 }],
    ['required', required('message', some('a')), 'a'],
  ])('%s', (_, computed, expected) => expect(computed).toEqual(expected));

  it('required fails with its message for nothing, and takes 0 and false for something', () => {
    expect(() => required('give me a name', '')).toThrow('give me a name');
    expect([required('', 0), required('', false)]).toEqual([0, false]);
  });

  it('yamlText is YAML of the same data', () => {
    expect(JSON.parse(String(yamlText({ b: 1, a: ['x'] })))).toEqual({ a: ['x'], b: 1 });
  });

  it('mergeMaps leaves its arguments alone', () => {
    const below = { a: { b: 1 } };
    mergeMaps<unknown>(below, { a: { c: 2 } });
    expect(below).toEqual({ a: { b: 1 } });
  });
});

describe('operations on expressions', () => {
  it('keep what is to be computed, with its type', () => {
    expect(text`a ${name} ${count}`).toEqual(
      new Expr({
        op: 'text',
        type: 'string',
        args: [
          { op: 'literal', type: 'string', value: 'a ' },
          name.node,
          { op: 'literal', type: 'string', value: ' ' },
          count.node,
        ],
      }),
    );
    expect([eq(name, 'a'), choose(flag, 1, 2), choose(flag, 1, 'b'), mapOf({ a: name })].map(typeOf)).toEqual(
      ['boolean', 'integer', 'any', 'map'],
    );
  });

  it('drop what is known of conditions', () => {
    expect([and(true, flag), or(false, flag), text`${name}`]).toEqual([flag, flag, name]);
    expect([and(false, flag), or(true, flag)]).toEqual([false, true]);
  });

  it('take a flag for its own condition', () => expect(isSet(flag)).toBe(flag));

  it('choose between expressions at once where the condition is known', () => {
    expect([choose(true, name, 'b'), defaultTo<string>('', name)]).toEqual([name, name]);
  });
});
