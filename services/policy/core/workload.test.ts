import { expect, test } from 'vitest';
import { parseWorkload } from './workload.ts';

test.each([
  ['{"ns":"shop", "pod":"web-1"}\n', { kind: 'pod', namespace: 'shop', name: 'web-1' }],
  ['{"ns":"shop","external_workload":"vm"}', { kind: 'external-workload', namespace: 'shop', name: 'vm' }],
  ['shop:web-1', { kind: 'pod', namespace: 'shop', name: 'web-1' }],
  ['', undefined],
  ['shop', undefined],
  ['a:b:c', undefined],
  ['{"ns":"shop"}', undefined],
  ['{"ns":1,"pod":"web"}', undefined],
  ['{"ns":"shop"', undefined],
])('parseWorkload(%j)', (text, expected) => {
  expect(parseWorkload(text)).toEqual(expected);
});
