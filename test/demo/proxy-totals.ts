import { askLinkerd } from './linkerd.ts';
import { NAMESPACE } from './mesh.ts';

/** What the proxy of a Deployment counted since its start. */
export interface ProxyTotals {
  /** Of requests that its application sent. */
  readonly responses: number;
  readonly failures: number;
  /** Opened by its application. */
  readonly connections: number;
  /** Certificates it got after its first one or with it. */
  readonly renewals: number;
}

/** Reads the totals with `linkerd diagnostics proxy-metrics`. */
export async function readProxyTotals(deployment: string): Promise<ProxyTotals> {
  const page = await askLinkerd(['diagnostics', 'proxy-metrics', '-n', NAMESPACE, `deploy/${deployment}`]);
  const outbound = 'direction="outbound"';
  return {
    responses: sumSamples(page, 'response_total', [outbound]),
    failures: sumSamples(page, 'response_total', [outbound, 'classification="failure"']),
    connections: sumSamples(page, 'tcp_open_total', [outbound, 'peer="src"']),
    renewals: sumSamples(page, 'control_identity_cert_refreshes_total', ['result="ok"']),
  };
}

export function subtractTotals(after: ProxyTotals, before: ProxyTotals): ProxyTotals {
  return {
    responses: after.responses - before.responses,
    failures: after.failures - before.failures,
    connections: after.connections - before.connections,
    renewals: after.renewals - before.renewals,
  };
}

/** The sum of the samples of a metric whose lines hold all these labels. */
function sumSamples(page: string, name: string, labels: readonly string[]): number {
  const lines = page.split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
