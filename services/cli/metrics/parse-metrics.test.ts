import { describe, expect, test } from 'vitest';
import { parseMetrics } from './parse-metrics.ts';

describe('parseMetrics()', () => {
  test('reads the legacy part and the OpenMetrics part of one proxy page', () => {
    const page = [
      '# HELP request_total Total count of HTTP requests.',
      '# TYPE request_total counter',
      'request_total{direction="inbound",target_addr="10.42.0.5:8080",tls="true",client_id="a.b"} 12',
      'process_start_time_seconds 1763726400',
      '# UNIT inbound_http_request_duration_seconds seconds',
      'inbound_http_request_duration_seconds_bucket{le="+Inf"} 3 # {trace="x"} 1 2',
      'inbound_http_request_duration_seconds_sum{} 1.5e-3',
      '# EOF',
      '',
    ].join('\n');
    expect(parseMetrics(page).map(({ name, labels, value }) => [name, { ...labels }, value])).toEqual([
      [
        'request_total',
        { direction: 'inbound', target_addr: '10.42.0.5:8080', tls: 'true', client_id: 'a.b' },
        12,
      ],
      ['process_start_time_seconds', {}, 1_763_726_400],
      ['inbound_http_request_duration_seconds_bucket', { le: '+Inf' }, 3],
      ['inbound_http_request_duration_seconds_sum', {}, 0.0015],
    ]);
  });

  test('undoes the escapes of label values, and takes braces, commas and blanks in them as they are', () => {
    const [sample] = parseMetrics('m{a="x\\\\y\\"z\\n",b="{,} =1",c=""} 1 1763726400000');
    expect({ ...sample?.labels }).toEqual({ a: 'x\\y"z\n', b: '{,} =1', c: '' });
  });

  test('reads infinities, not-a-number and negative values', () => {
    expect(parseMetrics('a +Inf\nb -Inf\nc NaN\nd -0.5').map(({ value }) => value)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      -0.5,
    ]);
  });

  test('a label may be called like a property of every object', () => {
    const [sample] = parseMetrics('m{__proto__="x",constructor="y"} 1');
    expect(Object.entries(sample?.labels ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  test.each([
    ['no value', 'm{a="1"}', 'a number is expected'],
    ['a word as value', 'm abc', 'a number is expected'],
    ['hexadecimal', 'm 0x10', 'a number is expected'],
    ['more behind the timestamp', 'm 1 2 3', 'a number is expected'],
    ['no name', '{a="1"} 1', 'a metric name is expected'],
    ['a page of HTML', '<html>', 'a metric name is expected'],
    ['no quotes', 'm{a=1} 1', 'the value of label a'],
    ['an open quote', 'm{a="1} 1', 'the value of label a'],
    ['an unknown escape', 'm{a="\\t"} 1', 'the value of label a'],
    ['an open brace', 'm{a="1" 1', 'a comma or a closing brace'],
    ['a label twice', 'm{a="1",a="2"} 1', 'the label a is there twice'],
    ['lines after the end', '# EOF\nm 1', 'follows the end'],
  ])('refuses %s, and says on which line', (_what, line, complaint) => {
    expect(() => parseMetrics(`ok 1\n${line}`, 'shop/web')).toThrow(/^shop\/web, line \d: /);
    expect(() => parseMetrics(line)).toThrow(complaint);
  });
});
