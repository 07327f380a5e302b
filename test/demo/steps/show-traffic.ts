import { showLinkerd } from '../linkerd.ts';
import { NAMESPACE } from '../mesh.ts';
import type { Report } from '../report.ts';
import { readTable } from '../table.ts';

const HTTP_DEPLOYMENTS = ['web', 'catalog', 'cart'];
const EDGES = [
  ['traffic', 'web'],
  ['web', 'catalog'],
  ['web', 'cart'],
  ['catalog', 'store'],
  ['cart', 'store'],
] as const;

/** Shows who is asked how often, and who talks to whom. */
export async function showTraffic(report: Report): Promise<void> {
  const stat = readTable(await showLinkerd(['viz', 'stat', 'deploy', '-n', NAMESPACE], report));
  const good = HTTP_DEPLOYMENTS.filter((name) => {
    const row = stat.find((candidate) => candidate['NAME'] === name);
    return (
      row?.['MESHED'] === '1/1' && row['SUCCESS'] === '100.00%' && Number.parseFloat(row['RPS'] ?? '') > 0
    );
  });
  report.prove({
    title: 'every HTTP and gRPC service of the shop is meshed, asked, and answers without a failure',
    holds: good.length === HTTP_DEPLOYMENTS.length,
    figures: [`${good.length} of ${HTTP_DEPLOYMENTS.length}: ${good.join(', ') || 'none'}`],
  });
  const edges = readTable(await showLinkerd(['viz', 'edges', 'deployment', '-n', NAMESPACE], report));
  const secured = EDGES.filter(([src, dst]) => {
    const own = edges.filter((row) => row['SRC'] === src && row['DST'] === dst);
    return own.length > 0 && own.every((row) => row['SECURED'] === '√');
  });
  report.prove({
    title: 'every connection between the services of the shop is secured by mutual TLS',
    holds: secured.length === EDGES.length,
    figures: [
      `${secured.length} of ${EDGES.length}: ${secured.map((edge) => edge.join(' → ')).join(', ') || 'none'}`,
    ],
  });
}
