import type { Random } from '#lib/base';

type Values = Readonly<Record<string, unknown>>;

/** What a chart can't do without, by its name. */
export const NEEDED: Readonly<Record<string, Values>> = {
  'linkerd-control-plane': {
    identityTrustAnchorsPEM: '-----BEGIN CERTIFICATE-----\nMIIA\n-----END CERTIFICATE-----\n',
    identity: { issuer: { tls: { crtPEM: 'a certificate', keyPEM: 'a key' } } },
  },
};

/** A webhook's certificate: minted by ourselves, the user's, somebody's Secret, or cert-manager's. */
const WEBHOOKS: readonly Values[] = [
  { externalSecret: false, crtPEM: '', keyPEM: '', caBundle: '', injectCaFrom: '', injectCaFromSecret: '' },
  {
    externalSecret: false,
    crtPEM: 'crt',
    keyPEM: 'key',
    caBundle: 'ca',
    injectCaFrom: '',
    injectCaFromSecret: '',
  },
  { externalSecret: true, crtPEM: '', keyPEM: '', caBundle: 'ca', injectCaFrom: '', injectCaFromSecret: '' },
  {
    externalSecret: true,
    crtPEM: '',
    keyPEM: '',
    caBundle: '',
    injectCaFrom: 'ns/name',
    injectCaFromSecret: '',
  },
];
const COLLECTOR = {
  endpoint: 'collector:4317',
  meshIdentity: { serviceAccountName: 'collector', namespace: 'obs' },
};

/**
 * Laid over generated values: where single values have to fit each other, and chance would hardly ever find ones
 * that do.
 */
export function mendValues(chart: string, random: Random): Values {
  if (chart !== 'linkerd-control-plane') return {};
  const webhook = (): Values => WEBHOOKS[Math.floor(random() * WEBHOOKS.length)] ?? {};
  return {
    ...NEEDED[chart],
    disableHeartBeat: true,
    enableEndpointSlices: true,
    enablePSP: false,
    proxyInjector: webhook(),
    profileValidator: webhook(),
    policyValidator: webhook(),
    controller: { tracing: { collector: { endpoint: 'collector:4317' } } },
    proxy: { logHTTPHeaders: 'off', tracing: { collector: COLLECTOR } },
    proxyInit: { iptablesMode: random() < 0.5 ? 'nft' : 'legacy', closeWaitTimeoutSecs: 0 },
  };
}
