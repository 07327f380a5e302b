import { PROXY_PORT } from '../../../services/proxy/contract.ts';

/**
 * Sums `request_total` of one direction in a proxy's metrics, without the requests to its own admin port.
 * Source: facts sheet proxy-metrics, section 3.
 */
export function sumRequests(metrics: string, direction: 'inbound' | 'outbound'): number {
  let total = 0;
  for (const line of metrics.split('\n')) {
    const match = /^request_total\{(.*)\} ([\d.e+]+)/.exec(line);
    if (match === null) continue;
    const labels = match[1] ?? '';
    const isAdmin =
      labels.includes(`:${PROXY_PORT.admin}"`) || labels.includes(`srv_port="${PROXY_PORT.admin}"`);
    if (labels.includes(`direction="${direction}"`) && !isAdmin) total += Number(match[2]);
  }
  return total;
}
