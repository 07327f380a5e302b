import { describe, expect, it } from 'vitest';
import { amend, array, choice, intOrString, object, string } from './schema.ts';

describe('the words for schemas', () => {
  it('object() takes alternatives of which exactly one is set', () => {
    const properties = { a: string('A.'), b: string('B.') };
    expect(object('O.', properties, { exactlyOneOf: ['a', 'b'] })).toEqual({
      description: 'O.',
      type: 'object',
      properties,
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    });
  });

  it('array() can be a map by keys, or a set', () => {
    expect(array('L.', string('S.'), { isSet: true, maxItems: 3 })).toMatchObject({
      maxItems: 3,
      'x-kubernetes-list-type': 'set',
    });
    expect(array('L.', string('S.'), { mapKeys: ['name'] })).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    });
  });

  it('choice() has the type of its values', () => {
    expect(choice('C.', ['a', 'b']).type).toBe('string');
    expect(choice('C.', [301, 302]).type).toBe('integer');
  });

  it('intOrString() has no type of its own, as structural schemas want it', () => {
    expect(intOrString('P.')).toEqual({
      description: 'P.',
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      'x-kubernetes-int-or-string': true,
    });
  });
});

describe('amend()', () => {
  const base = object('O.', { a: string('A.'), b: string('B.') }, { required: ['a'] });

  it('adds, replaces and drops properties, and leaves the original alone', () => {
    const amended = amend(base, {
      drop: ['a'],
      add: { b: string('Other.'), c: string('C.') },
      required: ['c'],
    });
    expect(amended).toEqual(object('O.', { b: string('Other.'), c: string('C.') }, { required: ['c'] }));
    expect(Object.keys(base.properties ?? {})).toEqual(['a', 'b']);
  });

  it('keeps what it does not name', () => {
    expect(amend(base, { default: { a: 'x' } })).toEqual({ ...base, default: { a: 'x' } });
  });
});
