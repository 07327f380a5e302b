import { get } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { describeError, MeshError } from '#lib/base';
import { PROXY_PORT } from '../../proxy/contract.ts';

const TIMEOUT_MS = 5_000;

/** Where a proxy's metrics are. */
export interface MetricsTarget {
  /** Names the pod in errors: `shop/web-1`. */
  readonly label: string;
  readonly ip: string;
  /** Defaults to the proxy's admin port. */
  readonly port?: number;
}

/** Reads the metrics page of a proxy. Rejects with METRICS_UNAVAILABLE, also when it takes longer than 5 seconds. */
export async function fetchMetrics({ label, ip, port = PROXY_PORT.admin }: MetricsTarget): Promise<string> {
  const where = `the metrics of ${label} at ${ip}:${port}`;
  try {
    const { status, body } = await request(ip, port);
    if (status === 200) return body;
    throw new Error(`the proxy answered with status ${status}`);
  } catch (error) {
    throw new MeshError(
      'METRICS_UNAVAILABLE',
      `${where} cannot be read: ${describeError(error)}; see the log of its container linkerd-proxy`,
      { cause: error },
    );
  }
}

function request(host: string, port: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path: '/metrics', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) };
    get(options, (response) => {
      readText(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    }).on('error', reject);
  });
}
