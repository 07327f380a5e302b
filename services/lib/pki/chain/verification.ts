import type { Certificate } from '../x509/certificate.ts';
import {
  type ChainPurpose,
  checkAuthority,
  checkLeaf,
  checkNames,
  checkOwnFields,
  checkSignature,
  type RefusedChain,
  refuse,
  refuseUnknown,
} from './chain-checks.ts';

export type ChainVerdict = RefusedChain | { readonly ok: true; readonly chain: readonly Certificate[] };

export interface ChainQuestion {
  readonly leaf: Certificate;
  /** In any order; what doesn't belong to the chain is passed over. */
  readonly intermediates: readonly Certificate[];
  /** Any one of them ends the chain. */
  readonly anchors: readonly Certificate[];
  readonly nowMs: number;
  /** What the leaf is used as: an end of TLS (`server` when left out), or the authority that issues leaves. */
  readonly purpose?: ChainPurpose;
}

const MAX_CHAIN_LENGTH = 8;
/** Bounds the work that a hostile set of certificates can cause. */
const MAX_SIGNATURE_CHECKS = 100;

interface Search {
  readonly question: ChainQuestion;
  signatureChecks: number;
  refusal: RefusedChain | undefined;
}

/**
 * Builds and checks a chain from the leaf to one of the anchors (RFC 5280, section 6.1, without revocation and
 * policies). On success `chain` runs from the leaf to the anchor; otherwise the most telling reason is given.
 */
export function verifyChain(question: ChainQuestion): ChainVerdict {
  const { leaf, anchors, purpose } = question;
  const leafRefusal = checkOwnFields(leaf, question.nowMs) ?? checkLeaf(leaf, purpose ?? 'server');
  if (leafRefusal) return leafRefusal;
  if (purpose === 'issuer' && anchors.some((anchor) => anchor.der.equals(leaf.der)))
    return { ok: true, chain: [leaf] };
  const search: Search = { question, signatureChecks: 0, refusal: undefined };
  const chain = extendChain([leaf], search);
  return chain ? { ok: true, chain } : (search.refusal ?? refuseUnknown(leaf));
}

/** Depth first, anchors before intermediates. Returns the whole chain, or notes why a try failed. */
function extendChain(path: readonly Certificate[], search: Search): readonly Certificate[] | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  if (path.length >= MAX_CHAIN_LENGTH) {
    noteRefusal(
      search,
      refuse('chain-too-long', last, `stands at the end of a chain of ${path.length}; that is too long`),
    );
    return undefined;
  }
  const { anchors, intermediates } = search.question;
  for (const anchor of anchors.filter((candidate) => isIssuedBy(last, candidate))) {
    const refusal = checkLink(path, anchor, search);
    if (refusal === undefined) return [...path, anchor];
    noteRefusal(search, refusal);
  }
  for (const next of intermediates.filter(
    (candidate) => isIssuedBy(last, candidate) && !isIn(path, candidate),
  )) {
    const refusal = checkLink(path, next, search);
    const chain = refusal === undefined ? extendChain([...path, next], search) : undefined;
    if (chain) return chain;
    if (refusal) noteRefusal(search, refusal);
  }
  noteRefusal(search, refuseUnknown(last));
  return undefined;
}

function isIssuedBy(certificate: Certificate, authority: Certificate): boolean {
  return authority.subject.der.equals(certificate.issuer.der);
}

function isIn(path: readonly Certificate[], certificate: Certificate): boolean {
  return path.some((member) => member.der.equals(certificate.der));
}

/** Keeps the refusal that says most: "unknown authority" and "bad signature" may only mean another try. */
function noteRefusal(search: Search, refusal: RefusedChain): void {
  const rank = ({ reason }: RefusedChain) =>
    reason === 'unknown-authority' ? 0 : reason === 'bad-signature' ? 1 : 2;
  if (search.refusal === undefined || rank(refusal) > rank(search.refusal)) search.refusal = refusal;
}

/** Checks that `authority` may and did sign the last certificate of the path. */
function checkLink(
  path: readonly Certificate[],
  authority: Certificate,
  search: Search,
): RefusedChain | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const { anchors, nowMs, purpose } = search.question;
  if (++search.signatureChecks > MAX_SIGNATURE_CHECKS) {
    return refuse('chain-too-long', last, 'needs too many signature checks');
  }
  return (
    checkSignature(last, authority) ??
    checkOwnFields(authority, nowMs) ??
    checkAuthority(authority, path, {
      purpose: purpose ?? 'server',
      isAnchor: anchors.includes(authority),
    }) ??
    checkNames(authority, path)
  );
}
