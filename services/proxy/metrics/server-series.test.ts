import { expect, it } from 'vitest';
import { Registry } from '#lib/telemetry';
import { HttpServer } from '../http/http-server.ts';
import { registerServerCounters } from './server-series.ts';

it('registerServerCounters() shows what the codecs have counted, at the time of asking', () => {
  const registry = new Registry({ format: 'openmetrics' });
  const server = new HttpServer({ keepAlive: undefined, maxConcurrentStreams: undefined });
  registerServerCounters(registry, 'inbound', server);
  server.h1.counters.malformed = 2;
  server.h2Counters.floods = 3;
  const text = registry.render();
  expect(text).toContain(
    'http_server_refusals_total{direction="inbound",version="http/1",reason="malformed"} 2\n',
  );
  expect(text).toContain(
    'http_server_refusals_total{direction="inbound",version="http/2",reason="flood"} 3\n',
  );
});
