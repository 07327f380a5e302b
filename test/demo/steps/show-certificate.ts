import { readChain } from '../certificate.ts';
import { showLinkerd } from '../linkerd.ts';
import { type DemoMesh, NAMESPACE } from '../mesh.ts';
import type { Report } from '../report.ts';

/** Shows the certificate chain of web, and has TLS that is not ours verify it. */
export async function showCertificate({ pods, trustAnchorsFile }: DemoMesh, report: Report): Promise<void> {
  await showLinkerd(['identity', '-n', NAMESPACE, '--chain', pods.web.name], report);
  const { certificates, spiffeId, refusal } = await readChain(pods.web, trustAnchorsFile);
  const wanted = `spiffe://cluster.local/ns/${NAMESPACE}/sa/web`;
  report.prove({
    title: "web's certificate chain leads to the trust anchor, and names its SPIFFE ID",
    holds: refusal === '' && spiffeId === wanted && certificates.length === 3,
    figures: [
      ...certificates.map(({ subject, serial, validTo }, depth) => {
        const role = ['workload', 'issuer', 'trust anchor'][depth] ?? '';
        return `${'  '.repeat(depth)}${role}: ${subject}, serial ${serial}, until ${validTo}`;
      }),
      `SPIFFE ID: ${spiffeId || 'none'}`,
      `verified by Node's TLS (OpenSSL) for ${pods.web.identity}: ${refusal === '' ? 'yes' : `no, ${refusal}`}`,
    ],
  });
}
