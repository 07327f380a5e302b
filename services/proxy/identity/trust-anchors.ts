import { MeshError } from '#lib/base';
import { type Certificate, nameCertificate, parseCertificates } from '#lib/pki';

const SOURCE = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';

/**
 * Reads the trust anchors. Throws a MeshError for text that is no PEM, and when none of them is valid now; an
 * expired one beside a valid one is what a rotation looks like.
 */
export function readTrustAnchors(pem: string, nowMs: number): readonly Certificate[] {
  const anchors = parseCertificates(pem, SOURCE);
  if (anchors.some((anchor) => nowMs >= anchor.notBeforeMs && nowMs <= anchor.notAfterMs)) return anchors;
  throw new MeshError('IDENTITY_TRUST_ANCHORS', `${SOURCE}: ${describeInvalid(anchors, nowMs)}`);
}

function describeInvalid(anchors: readonly Certificate[], nowMs: number): string {
  const latest = anchors.reduce((a, b) => (b.notAfterMs > a.notAfterMs ? b : a));
  const format = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
  const which =
    anchors.length === 1 ? 'the trust anchor' : `none of the ${anchors.length} trust anchors is valid;`;
  if (nowMs > latest.notAfterMs) {
    return `${which} "${nameCertificate(latest)}" expired at ${format(latest.notAfterMs)}; give the mesh a new trust anchor and restart this pod`;
  }
  return `${which} "${nameCertificate(latest)}" is not valid before ${format(latest.notBeforeMs)} (it is ${format(nowMs)} now); check this machine's clock or wait`;
}
