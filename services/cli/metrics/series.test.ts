import { expect, test } from 'vitest';
import { parseMetrics } from './parse-metrics.ts';
import { joinReadings } from './series.ts';

function increases(before: string, after: string): Record<string, number> {
  const series = joinReadings(parseMetrics(before), parseMetrics(after));
  return Object.fromEntries(
    series.map(({ name, labels, increase }) => [`${name}/${labels['a'] ?? ''}`, increase]),
  );
}

test('joinReadings() tells the growth of each series, whatever the order of its labels', () => {
  expect(increases('m{a="1",b="x"} 5\nm{a="2",b="x"} 7', 'm{b="x",a="1"} 9\nm{a="2",b="x"} 7')).toEqual({
    'm/1': 4,
    'm/2': 0,
  });
});

test('joinReadings() counts a new series from zero, and one that fell from its new beginning', () => {
  expect(increases('m{a="1"} 100', 'm{a="1"} 3\nm{a="2"} 4')).toEqual({ 'm/1': 3, 'm/2': 4 });
});

test('joinReadings() drops a series that is gone', () => {
  expect(increases('m{a="1"} 100\nm{a="2"} 1', 'm{a="2"} 1')).toEqual({ 'm/2': 0 });
});
