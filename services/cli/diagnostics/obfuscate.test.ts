import { expect, test } from 'vitest';
import { parseMetrics } from '../metrics/parse-metrics.ts';
import { obfuscateMetrics } from './obfuscate.ts';

const page = `# HELP request_total Total count of HTTP requests.
request_total{direction="outbound",target_addr="10.42.0.9:8080",dst_pod="web,1=\\"x\\"",dst_service=""} 3
tcp_open_total{peer="src",target_addr="10.42.0.9:8080"} 1
`;

test('obfuscateMetrics() hides what names the user’s things and keeps the page readable', () => {
  const hidden = obfuscateMetrics(page);
  expect(hidden).not.toMatch(/10\.42|web/);
  const [first, second] = parseMetrics(hidden);
  expect(first?.labels).toMatchObject({ direction: 'outbound', dst_service: '' });
  expect(first?.labels['target_addr']).toBe(second?.labels['target_addr']);
  expect(first?.labels['target_addr']).not.toBe(first?.labels['dst_pod']);
  expect(first?.value).toBe(3);
});
