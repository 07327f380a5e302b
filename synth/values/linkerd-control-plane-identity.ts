import { extraEnv, kubeApi, probe } from './linkerd-control-plane-parts.ts';
import { flag, group, map, optional, text } from './spec.ts';

const issuer = group('The certificate that signs the certificates of proxies.', {
  scheme: text(
    'linkerd.io/tls',
    'Who makes its Secret: the chart, or (`kubernetes.io/tls`) you or cert-manager.',
    {
      enum: ['linkerd.io/tls', 'kubernetes.io/tls'],
    },
  ),
  clockSkewAllowance: text('20s', 'How far clocks may differ.'),
  issuanceLifetime: text('24h0m0s', 'How long the certificate of a proxy is valid.'),
  tls: group('With the scheme `linkerd.io/tls`: the issuer.', {
    crtPEM: text('', 'Its certificate, and those between it and the trust anchor, as PEM.', {
      format: 'pem',
    }),
    keyPEM: text('', 'Its private key (ECDSA P-256), as PEM.', { format: 'pem' }),
  }),
});

export const identity = group('The service that gives proxies their certificates.', {
  externalCA: flag(
    false,
    'The ConfigMap of the trust anchors is not of the chart (trust-manager makes it, say).',
  ),
  serviceAccountTokenProjection: flag(true, 'Proxies show a token that is good for identity alone.'),
  issuer,
  kubeAPI: kubeApi(),
  podAnnotations: map<string>({}, 'Annotations of its pods.', { type: 'string' }),
  livenessProbe: probe('liveness'),
  readinessProbe: probe('readiness'),
  ...extraEnv('identity'),
  trustAnchorsPEM: optional(
    text('', 'Another name of `identityTrustAnchorsPEM`, which wins.', { format: 'pem' }),
  ),
});
