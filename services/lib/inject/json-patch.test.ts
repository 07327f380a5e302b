import { expect, test } from 'vitest';
import { applyPatch, jsonPointer } from './json-patch.ts';

test('applyPatch() adds to maps and lists, at an index or at the end', () => {
  const document = { list: ['b'], map: {} };
  const patched = applyPatch(document, [
    { op: 'add', path: '/list/0', value: 'a' },
    { op: 'add', path: '/list/-', value: 'c' },
    { op: 'add', path: jsonPointer('map', 'linkerd.io/x~y'), value: 1 },
  ]);
  expect(patched).toEqual({ list: ['a', 'b', 'c'], map: { 'linkerd.io/x~y': 1 } });
  expect(document).toEqual({ list: ['b'], map: {} });
});

test('applyPatch() says which path has no parent', () => {
  expect(() => applyPatch({}, [{ op: 'add', path: '/spec/volumes/-', value: 1 }])).toThrow('/spec/volumes/-');
});
