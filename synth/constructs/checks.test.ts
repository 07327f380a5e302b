import { expect, test } from 'vitest';
import { CERTIFICATES, readPreset, render } from '../charts/renders.testing.ts';

const { identityTrustAnchorsPEM } = CERTIFICATES;
const CA = { injectCaFrom: 'linkerd/webhook' };

test.each<[string, readonly unknown[], string]>([
  ['no trust anchors', [{ identity: CERTIFICATES.identity }], 'Please provide the identity trust anchors: '],
  ['no issuer', [{ identityTrustAnchorsPEM }], 'Please provide the identity issuer certificate: '],
  [
    'no key of the issuer',
    [{ identityTrustAnchorsPEM, identity: { issuer: { tls: { crtPEM: 'issuer' } } } }],
    'Please provide the identity issue private key: ',
  ],
  ['a heartbeat', [CERTIFICATES, { disableHeartBeat: false }], 'disableHeartBeat cannot be false'],
  ['a PodSecurityPolicy', [CERTIFICATES, { enablePSP: true }], 'enablePSP cannot be true'],
  [
    'CAs from two places',
    [CERTIFICATES, { proxyInjector: { ...CA, injectCaFromSecret: 'linkerd/other', externalSecret: true } }],
    'injectCaFrom and injectCaFromSecret cannot both be set',
  ],
  [
    'a CA beside a bundle',
    [CERTIFICATES, { policyValidator: { ...CA, caBundle: 'bundle', externalSecret: true } }],
    'injectCaFrom or injectCaFromSecret cannot be set if providing a caBundle',
  ],
  [
    'a Secret of others without a bundle',
    [CERTIFICATES, { profileValidator: { externalSecret: true } }],
    'if externalSecret is set, then caBundle, injectCaFrom, or injectCaFromSecret must be set',
  ],
  [
    'a CA without a Secret of others',
    [CERTIFICATES, { proxyInjector: CA }],
    'if injectCaFrom or injectCaFromSecret is set, then externalSecret must be set',
  ],
  [
    'half a certificate',
    [CERTIFICATES, { proxyInjector: { crtPEM: 'certificate' } }],
    'proxyInjector.crtPEM is given without proxyInjector.keyPEM',
  ],
  [
    'a bundle for a certificate that nobody gives',
    [CERTIFICATES, { proxyInjector: { caBundle: 'bundle' } }],
    'proxyInjector.caBundle is given without a certificate',
  ],
  [
    'an unknown iptables',
    [CERTIFICATES, { proxyInit: { iptablesMode: 'plain' } }],
    'Unsupported value "plain" for proxyInit.iptablesMode\nValid values: ["nft", "legacy"]',
  ],
  [
    'a timeout that only root may set',
    [CERTIFICATES, { proxyInit: { closeWaitTimeoutSecs: 5 } }],
    'proxyInit.runAsRoot must be set to use proxyInit.closeWaitTimeoutSecs',
  ],
  [
    'an unknown way to log headers',
    [CERTIFICATES, { proxy: { logHTTPHeaders: 'on' } }],
    'logHTTPHeaders must be one of: insecure | off',
  ],
  [
    'traces of proxies that go nowhere',
    [CERTIFICATES, { proxy: { tracing: { enabled: true } } }],
    'proxy.tracing.collector.endpoint must be set if proxy tracing is enabled',
  ],
  [
    'traces of controllers that go nowhere',
    [CERTIFICATES, { controller: { tracing: { enabled: true } } }],
    'controller.tracing.collector.endpoint or proxy.tracing.collector.endpoint must be set if control plane',
  ],
])('%s is refused', (_name, values, message) => {
  expect(() => render(...values)).toThrow(message);
});

test('certificates that others make need not be given', () => {
  expect(render(readPreset('cert-manager')).length).toBeGreaterThan(0);
});
