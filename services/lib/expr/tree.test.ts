import { describe, expect, it } from 'vitest';
import { ForEach, forEach, refer, settle, text, type Value, When, when } from './index.ts';

const flag = refer<boolean>(['flag'], { type: 'boolean' });

describe('when', () => {
  it('is the part or what stands in for it, where the condition is known', () => {
    expect([when(true, 'a', 'b'), when(false, 'a', 'b'), when(false, 'a')]).toEqual(['a', 'b', undefined]);
  });

  it('keeps both where it is not', () => expect(when(flag, 'a', 'b')).toEqual(new When(flag, 'a', 'b')));
});

describe('forEach', () => {
  it('goes through a map in the order of the bytes of its keys', () => {
    const map = { b: 1, a: 2, Z: 3, ä: 4 };
    expect(forEach(map, (item, key) => `${key}${item}`)).toEqual(['Z3', 'a2', 'b1', 'ä4']);
  });

  it('goes through a list, with its indexes, and not at all through nothing', () => {
    expect(forEach(['x', 'y'], (item, key) => `${key}${item}`)).toEqual(['0x', '1y']);
    expect([forEach(null, String), forEach(undefined, String)]).toEqual([[], []]);
  });

  it('builds its body once for items that are not known, by their type', () => {
    const list = refer<readonly string[]>(['list'], { type: 'list', itemType: 'string' });
    const loop = forEach(list, (item) => item);
    expect(loop).toBeInstanceOf(ForEach);
    expect((loop as ForEach<{ type: string }>).body.type).toBe('string');
  });
});

describe('settle', () => {
  it('drops what is absent, and spreads lists in lists', () => {
    const tree = {
      a: undefined,
      b: ['x', undefined, ['y', ['z']], when(false, 'w')],
      c: when(true, { d: null }),
    };
    expect(settle(tree)).toEqual({ b: ['x', 'y', 'z'], c: { d: null } });
  });

  it('refuses what is not known, saying where', () => {
    const name: Value<string> = refer<string>(['name'], { type: 'string' });
    expect(() => settle({ a: [{ b: text`x${name}` }] })).toThrow('/a/0/b depends on values that nobody gave');
  });
});
