import { describe, expect, it } from 'vitest';
import { createLogger, LogFilter, Registry, startAdminServer } from './index.ts';

describe('Registry', () => {
  it('renders counters, gauges and histograms in the Prometheus text format', () => {
    const registry = new Registry();
    registry.counter('requests_total', 'Requests.').with({ method: 'a"b\\c\nd' }).inc(2);
    registry.gauge('open', 'Open.').with({}).set(3);
    const latency = registry.histogram('latency_ms', 'Latency.', [], [1, 5]).with({ code: '200' });
    for (const value of [1, 2, 9]) latency.observe(value);
    expect(registry.render()).toBe(
      [
        '# HELP requests_total Requests.',
        '# TYPE requests_total counter',
        'requests_total{method="a\\"b\\\\c\\nd"} 2',
        '# HELP open Open.',
        '# TYPE open gauge',
        'open 3',
        '# HELP latency_ms Latency.',
        '# TYPE latency_ms histogram',
        'latency_ms_bucket{code="200",le="1"} 1',
        'latency_ms_bucket{code="200",le="5"} 2',
        'latency_ms_bucket{code="200",le="+Inf"} 3',
        'latency_ms_sum{code="200"} 12',
        'latency_ms_count{code="200"} 3',
        '',
      ].join('\n'),
    );
  });

  it('puts _total on samples only and ends in EOF in OpenMetrics', () => {
    const registry = new Registry({ format: 'openmetrics' });
    registry.counter('requests', 'Requests').with({}).inc();
    expect(registry.render()).toBe(
      '# HELP requests Requests.\n# TYPE requests counter\nrequests_total 1\n# EOF\n',
    );
  });

  it('gives the same series for the same labels, and none for a family nobody counted', () => {
    const registry = new Registry();
    const family = registry.counter('a', 'A.');
    expect(registry.render()).toBe('');
    family.with({ x: '1' }).inc();
    family.with({ x: '1' }).inc();
    expect(registry.render()).toContain('a{x="1"} 2');
  });
});

describe('LogFilter', () => {
  it('takes the longest matching prefix, ignores span filters and refuses nonsense', () => {
    const filter = new LogFilter('warn,linkerd=info,linkerd_tls=off,[{headers}]=off');
    expect(filter.levelFor('linkerd_app')).toBe('info');
    expect(filter.levelFor('linkerd_tls')).toBe('off');
    expect(filter.levelFor('hickory')).toBe('warn');
    expect(() => filter.set('loud')).toThrow('"loud"');
    expect(filter.levelFor('hickory')).toBe('warn');
  });
});

describe('createLogger', () => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);

  it('writes logrus, tracing and JSON lines and holds back what the filter does', () => {
    createLogger({ target: 'a', write }).info('hello there', { port: 1, name: 'x y' });
    expect(lines.pop()).toMatch(/^time="[^"]+Z" level=info msg="hello there" port=1 name="x y"\n$/);
    createLogger({ target: 'linkerd', style: 'tracing', write }).warn('hm', { addr: '1.2.3.4:5' });
    expect(lines.pop()).toMatch(
      /^\[ {0,5}\d{1,6}\.\d{6}s\] {2}WARN ThreadId\(01\) linkerd: hm addr=1\.2\.3\.4:5\n$/,
    );
    createLogger({ target: 'a', style: 'tracing', format: 'json', write }).error('bad', {
      error: new Error('why'),
    });
    expect(JSON.parse(lines.pop() ?? '')).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      level: 'ERROR',
      fields: { message: 'bad', error: 'why' },
      target: 'a',
      spans: [],
      threadId: 'ThreadId(1)',
    });
    createLogger({ target: 'a', format: 'json', write }).warn('hm', { port: 1, level: 'high' });
    expect(lines.pop()).toMatch(
      /^\{"fields\.level":"high","level":"warning","msg":"hm","port":1,"time":"[^"]+Z"\}\n$/,
    );
    createLogger({ target: 'a', level: 'warn', write }).info('not this');
    expect(lines).toEqual([]);
  });

  it('puts the uptime in a column, and names the spans that a line is in', () => {
    const inside = { name: 'controller', fields: { addr: 'a:1', port: 2 } };
    const child = (format: string) =>
      createLogger({ target: 'linkerd', style: 'tracing', format, write })
        .child('linkerd_app', { name: 'outbound' })
        .child('linkerd_dns', inside);
    child('plain').info('hm');
    const line = lines.pop() ?? '';
    expect(line).toContain(' ThreadId(01) outbound:controller{addr=a:1 port=2}: linkerd_dns: hm\n');
    expect(line.indexOf(']')).toBe('[     0.123456s'.length);
    child('json').info('hm');
    const { spans } = JSON.parse(lines.pop() ?? '') as { spans: unknown };
    expect(spans).toEqual([{ name: 'outbound' }, { addr: 'a:1', port: 2, name: 'controller' }]);
  });
});

describe('startAdminServer', () => {
  it('answers ping, ready and metrics', async () => {
    let ready = false;
    const registry = new Registry();
    registry.counter('x', 'X.').with({}).inc();
    const admin = await startAdminServer({ host: '127.0.0.1', port: 0, registry, isReady: () => ready });
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${admin.port}${path}`);
      return `${response.status} ${await response.text()}`;
    };
    expect(await get('/ping')).toBe('200 pong\n');
    expect(await get('/ready')).toBe('500 not ready\n');
    ready = true;
    expect(await get('/ready')).toBe('200 ok\n');
    expect(await get('/metrics')).toContain('x 1');
    expect(await get('/nope')).toBe('404 not found\n');
    await admin.close();
  });
});
