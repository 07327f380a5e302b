import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fetchMetrics } from './fetch-metrics.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closers.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('fetchMetrics() reads /metrics', async () => {
  const port = await serve((request, response) => response.end(`path ${request.url}`));
  expect(await fetchMetrics({ label: 'shop/web-1', ip: '127.0.0.1', port })).toBe('path /metrics');
});

test('fetchMetrics() names the pod and what is wrong', async () => {
  const port = await serve((_request, response) => response.writeHead(403).end());
  await expect(fetchMetrics({ label: 'shop/web-1', ip: '127.0.0.1', port })).rejects.toThrow(
    `the metrics of shop/web-1 at 127.0.0.1:${port} cannot be read: the proxy answered with status 403`,
  );
  await expect(fetchMetrics({ label: 'shop/web-1', ip: '127.0.0.1', port: 1 })).rejects.toThrow(
    'ECONNREFUSED',
  );
});
