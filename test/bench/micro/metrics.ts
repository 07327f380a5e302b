/**
 * What counting costs in nanoseconds, and a page of metrics in milliseconds: `node test/bench/micro/metrics.ts`.
 * Targets on the reference machine: all that is counted of one request ≤ 60 ns, a page of 10,000 counters ≤ 20 ms.
 */
import { Registry } from '../../../services/lib/telemetry/index.ts';
import { createFamilies } from '../../../services/proxy/metrics/families.ts';
import { HttpSeries } from '../../../services/proxy/metrics/http-series.ts';
import { InboundRouteSeries } from '../../../services/proxy/metrics/route-series.ts';
import { TcpSeries } from '../../../services/proxy/metrics/tcp-series.ts';
import { measure } from './stopwatch.ts';

const COUNT = 2_000_000;
const ENDPOINTS = 8;
const SERIES = 10_000;

const labelsOf = (i: number) => ({
  direction: 'outbound',
  target_addr: `10.0.0.${i}:8080`,
  target_ip: `10.0.0.${i}`,
  target_port: '8080',
  tls: 'true',
  server_id: `web-${i}.shop.serviceaccount.identity.linkerd.cluster.local`,
  dst_namespace: 'shop',
  dst_deployment: `web-${i}`,
  dst_pod: `web-${i}-7d4b9c6f5-abcde`,
});

const families = createFamilies();
const https = Array.from({ length: ENDPOINTS }, (_, i) => new HttpSeries(families, labelsOf(i)));
const routes = https.map((_, i) => new InboundRouteSeries(families.inboundHttp, labelsOf(i), false));

measure('a counter', COUNT, (i) => {
  https[i & 7]!.requests.value++;
});
measure('a latency (25 buckets)', COUNT, (i) => {
  https[i & 7]!.plain(200).latencyMs.observe(i & 63);
});
measure('all that is counted of an inbound request', COUNT, (i) => {
  const http = https[i & 7]!;
  const route = routes[i & 7]!;
  http.requests.value++;
  route.requests.value++;
  route.requestSeconds.observe(0.004);
  route.responseSeconds.observe(0.003);
  route.responseFrames.observe(512);
  route.statuses.countPlain(200);
  const response = http.plain(200);
  response.total.value++;
  response.latencyMs.observe(i & 63);
});
measure('finding a series by its labels', COUNT / 20, (i) => {
  families.requests.with(labelsOf(i & 7)).inc();
});
measure('the five series of a connection', COUNT / 20, (i) => {
  new TcpSeries(families, labelsOf(i & 7));
});

const registry = new Registry();
const counters = registry.counter('bench_total', 'Bench.');
for (let i = 0; i < SERIES; i++) counters.with(labelsOf(i)).inc(i);
measure('a page of 10,000 counters', 1, () => registry.render());
const histograms = registry.histogram(
  'bench_ms',
  'Bench.',
  [],
  Array.from({ length: 25 }, (_, i) => i + 1),
);
for (let i = 0; i < SERIES; i++) histograms.with(labelsOf(i)).observe(i & 31);
measure('the same with 10,000 histograms of 25 buckets', 1, () => registry.render());
