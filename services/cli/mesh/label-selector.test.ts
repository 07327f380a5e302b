import { expect, test } from 'vitest';
import { matchesSelector } from '#lib/resources';
import { parseLabelSelector } from './label-selector.ts';

const labels = { app: 'web', tier: 'front', 'linkerd.io/control-plane-ns': 'linkerd' };

test.each([
  ['', true],
  ['app=web', true],
  ['app == web , tier!=db', true],
  ['app!=web', false],
  ['app in (api, web),tier', true],
  ['app notin (web)', false],
  ['!canary', true],
  ['!app', false],
  ['linkerd.io/control-plane-ns=linkerd', true],
  ['missing=', false],
])('parseLabelSelector() reads %j', (text, matches) => {
  expect(matchesSelector(parseLabelSelector(text), labels)).toBe(matches);
});

test.each(['a,,b', '=web', 'app in web', 'app>1'])('parseLabelSelector() refuses %j', (text) => {
  expect(() => parseLabelSelector(text)).toThrow('write it like app=web');
});
