import { describe, expect, it } from 'vitest';
import { generatePrivateKey } from '../keys.ts';
import { createAuthority, DAY_MS, HOUR_MS, issueWorkload, NOW_MS, VALIDITY } from '../testing/authority.ts';
import { parseCertificate } from '../x509/certificate.ts';
import { createTrustAnchor, issueIssuer, issueLeaf } from '../x509/issuance.ts';
import { type ChainQuestion, verifyChain } from './verification.ts';

const { anchor, issuer } = createAuthority();
const leaf = issueWorkload(issuer).certificate;
const GOOD: ChainQuestion = {
  leaf,
  intermediates: [issuer.certificate],
  anchors: [anchor.certificate],
  nowMs: NOW_MS,
};

function refuse(question: Partial<ChainQuestion>) {
  const verdict = verifyChain({ ...GOOD, ...question });
  return verdict.ok ? 'accepted' : verdict.reason;
}

describe('verifyChain()', () => {
  it('runs from the leaf to the anchor, past certificates that do not belong to it', () => {
    const stranger = createAuthority();
    const intermediates = [stranger.issuer.certificate, stranger.anchor.certificate, issuer.certificate];
    const verdict = verifyChain({
      ...GOOD,
      intermediates,
      anchors: [stranger.anchor.certificate, anchor.certificate],
    });
    expect(verdict).toEqual({ ok: true, chain: [leaf, issuer.certificate, anchor.certificate] });
  });

  it('accepts a leaf for both ends of TLS, signed by the anchor itself, or by an anchor that is an intermediate', () => {
    expect(refuse({ purpose: 'client' })).toBe('accepted');
    expect(refuse({ leaf: issueWorkload(anchor).certificate, intermediates: [] })).toBe('accepted');
    expect(refuse({ intermediates: [], anchors: [issuer.certificate] })).toBe('accepted');
  });

  it('names an expired certificate and the time', () => {
    const old = issueWorkload(issuer, {
      notBeforeMs: NOW_MS - DAY_MS,
      notAfterMs: NOW_MS - HOUR_MS,
    }).certificate;
    expect(verifyChain({ ...GOOD, leaf: old })).toMatchObject({
      ok: false,
      reason: 'expired',
      subject: 'CN=web.shop.serviceaccount.identity.linkerd.cluster.local',
      sentence:
        'The certificate "CN=web.shop.serviceaccount.identity.linkerd.cluster.local" expired at 2026-11-21T11:00:00Z.',
    });
  });

  it('holds a certificate valid from its first to the end of its last second', () => {
    expect(refuse({ nowMs: VALIDITY.notBeforeMs - 1 })).toBe('not-yet-valid');
    expect(refuse({ nowMs: VALIDITY.notBeforeMs })).toBe('accepted');
    expect(refuse({ nowMs: VALIDITY.notAfterMs + 999 })).toBe('accepted');
    expect(refuse({ nowMs: VALIDITY.notAfterMs + 1000 })).toBe('expired');
  });

  it('tells an expired anchor or issuer from an unknown one', () => {
    const short = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS - HOUR_MS };
    const oldAnchor = createTrustAnchor({ ...short, commonName: 'root' });
    const underOld = issueIssuer({ ...VALIDITY, anchor: oldAnchor, commonName: 'identity' });
    const chained = { leaf: issueWorkload(underOld).certificate, intermediates: [underOld.certificate] };
    expect(verifyChain({ ...GOOD, ...chained, anchors: [oldAnchor.certificate] })).toMatchObject({
      reason: 'expired',
      subject: 'CN=root',
    });
    expect(refuse({ ...chained })).toBe('unknown-authority');
    expect(refuse({ intermediates: [] })).toBe('unknown-authority');
    expect(refuse({ anchors: [] })).toBe('unknown-authority');
  });

  it('is not taken in by an anchor of the same name with another key', () => {
    const impostor = createAuthority();
    expect(refuse({ anchors: [impostor.anchor.certificate] })).toBe('unknown-authority');
    expect(refuse({ anchors: [impostor.anchor.certificate, anchor.certificate] })).toBe('accepted');
  });

  it('notices every changed bit', () => {
    const { der } = leaf;
    for (let at = 0; at < der.length; at += 7) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x04;
      let isAccepted = false;
      try {
        isAccepted = verifyChain({ ...GOOD, leaf: parseCertificate(changed) }).ok;
      } catch {
        // Unreadable is as good as refused.
      }
      expect(isAccepted, `byte ${at}`).toBe(false);
    }
  });

  it('does not let a leaf sign, nor an authority be a leaf', () => {
    const workload = issueWorkload(issuer);
    const forged = issueWorkload(workload).certificate;
    expect(refuse({ leaf: forged, intermediates: [workload.certificate, issuer.certificate] })).toBe(
      'not-a-ca',
    );
    expect(refuse({ leaf: issuer.certificate, intermediates: [] })).toBe('is-a-ca');
    expect(refuse({ leaf: issuer.certificate, intermediates: [], purpose: 'issuer' })).toBe('accepted');
    expect(refuse({ purpose: 'issuer' })).toBe('not-a-ca');
  });

  it('keeps to the path length', () => {
    const deeper = issueIssuer({ ...VALIDITY, anchor: issuer, commonName: 'deeper' });
    const question = {
      leaf: issueWorkload(deeper).certificate,
      intermediates: [deeper.certificate, issuer.certificate],
    };
    expect(refuse(question)).toBe('path-length');
    expect(refuse({ leaf: deeper.certificate, intermediates: [issuer.certificate], purpose: 'issuer' })).toBe(
      'path-length',
    );
  });

  it('refuses an endless chain and a crowd of candidates quickly', () => {
    const crowd = Array.from({ length: 150 }, () => createAuthority().issuer.certificate);
    const startedAt = performance.now();
    expect(refuse({ intermediates: crowd })).not.toBe('accepted');
    expect(performance.now() - startedAt).toBeLessThan(2000);
    let authority = issueIssuer({ ...VALIDITY, anchor, commonName: 'ca0', pathLength: 20 });
    const intermediates = [authority.certificate];
    for (let depth = 1; depth < 12; depth++) {
      authority = issueIssuer({ ...VALIDITY, anchor: authority, commonName: `ca${depth}`, pathLength: 20 });
      intermediates.push(authority.certificate);
    }
    expect(refuse({ leaf: issueWorkload(authority).certificate, intermediates })).toBe('chain-too-long');
  });

  it('accepts a leaf without a subject by its names', () => {
    const anonymous = issueLeaf({
      ...VALIDITY,
      issuer,
      publicKey: generatePrivateKey(),
      dnsNames: ['web.local'],
    });
    expect(refuse({ leaf: anonymous })).toBe('accepted');
  });
});
