import { expect, test } from 'vitest';
import { parseResources } from './resource-args.ts';

test.each([
  [['deploy'], [{ kind: 'deployment' }]],
  [
    ['deployments', 'web', 'cart'],
    [
      { kind: 'deployment', name: 'web' },
      { kind: 'deployment', name: 'cart' },
    ],
  ],
  [
    ['deploy/web', 'po/x-1', 'ns'],
    [{ kind: 'deployment', name: 'web' }, { kind: 'pod', name: 'x-1' }, { kind: 'namespace' }],
  ],
  [['SVC'], [{ kind: 'service' }]],
  [['all'], [{ kind: 'deployment' }, { kind: 'pod' }, { kind: 'service' }]],
])('parseResources() reads %j as kubectl does', (args, resources) => {
  expect(parseResources(args)).toEqual(resources);
});

test.each([
  [[], 'no resource is given'],
  [['sts'], 'a local mesh has no sts'],
  [['web'], 'friendly name [web]'],
  [['constructor'], 'friendly name [constructor]'],
  [['deploy/'], '"deploy/" is not valid'],
  [['deploy/web/x'], '"deploy/web/x" is not valid'],
])('parseResources() refuses %j', (args, complaint) => {
  expect(() => parseResources(args)).toThrow(complaint);
});
