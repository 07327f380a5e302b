import { and, base64, defaultTo, isSet, not, or, trim, type Value, when } from '#lib/expr';
import { buildMetadata } from './metadata.ts';
import type { ControlPlaneProps } from './props.ts';

/** Who gives a webhook its certificate, and the API server what to check it with: keys of a webhook's values. */
export interface WebhookTls {
  readonly externalSecret: Value<boolean>;
  readonly crtPEM: Value<string>;
  readonly keyPEM: Value<string>;
  readonly caBundle: Value<string>;
  readonly injectCaFrom: Value<string>;
  readonly injectCaFromSecret: Value<string>;
}

/** Whether the chart makes the Secret. Who gives one of the two without the other is told so. */
function isPairGiven({ externalSecret, crtPEM, keyPEM }: WebhookTls): Value<boolean> {
  return and(not(externalSecret), isSet(crtPEM), isSet(keyPEM));
}

/**
 * Whether certificate and `caBundle` are made by the chart, the user or cert-manager, and the webhook only reads its
 * Secret. Else it makes and renews both, and the chart leaves them absent.
 */
export function isCertificateGiven(tls: WebhookTls): Value<boolean> {
  return or(tls.externalSecret, isPairGiven(tls));
}

/** Whether cert-manager writes `caBundle`. */
function isCaInjected({ injectCaFrom, injectCaFromSecret }: WebhookTls): Value<boolean> {
  return or(isSet(injectCaFrom), isSet(injectCaFromSecret));
}

/** `caBundle` as the chart writes it, if it does. */
export function buildCaBundle(tls: WebhookTls) {
  const isOfChart = and(not(isCaInjected(tls)), or(isSet(tls.caBundle), isPairGiven(tls)));
  return when(isOfChart, base64(trim(defaultTo(tls.caBundle, tls.crtPEM))));
}

/** Tells cert-manager whose CA to write into `caBundle`. */
export function buildCaAnnotations(tls: WebhookTls) {
  const { injectCaFrom, injectCaFromSecret } = tls;
  return when(isCaInjected(tls), {
    'cert-manager.io/inject-ca-from': when(isSet(injectCaFrom), injectCaFrom),
    'cert-manager.io/inject-ca-from-secret': when(isSet(injectCaFromSecret), injectCaFromSecret),
  });
}

/** The Secret of a certificate that the user gives; `isPairGiven` says whether there is one. */
export function buildTlsSecret(
  props: ControlPlaneProps,
  { name, component, tls }: { readonly name: string; readonly component: string; readonly tls: WebhookTls },
) {
  return {
    object: {
      metadata: buildMetadata(props, { name, component }),
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(trim(tls.crtPEM)), 'tls.key': base64(trim(tls.keyPEM)) },
    },
    when: isPairGiven(tls),
  };
}

export interface Failure {
  readonly when: Value<boolean>;
  readonly message: Value<string>;
}

/** Values of a webhook that exclude each other. Source: facts sheet charts, section 1. */
export function listWebhookFailures(key: string, tls: WebhookTls): readonly Failure[] {
  const { externalSecret, crtPEM, keyPEM, caBundle, injectCaFrom, injectCaFromSecret } = tls;
  const isInjected = isCaInjected(tls);
  return [
    {
      when: and(isSet(injectCaFrom), isSet(injectCaFromSecret)),
      message: 'injectCaFrom and injectCaFromSecret cannot both be set',
    },
    {
      when: and(isInjected, isSet(caBundle)),
      message: 'injectCaFrom or injectCaFromSecret cannot be set if providing a caBundle',
    },
    {
      when: and(externalSecret, not(isSet(caBundle)), not(isInjected)),
      message: 'if externalSecret is set, then caBundle, injectCaFrom, or injectCaFromSecret must be set',
    },
    {
      when: and(isInjected, not(externalSecret)),
      message: 'if injectCaFrom or injectCaFromSecret is set, then externalSecret must be set',
    },
    {
      when: and(not(externalSecret), isSet(crtPEM), not(isSet(keyPEM))),
      message: `${key}.crtPEM is given without ${key}.keyPEM: give both, or neither`,
    },
    {
      when: and(not(externalSecret), isSet(keyPEM), not(isSet(crtPEM))),
      message: `${key}.keyPEM is given without ${key}.crtPEM: give both, or neither`,
    },
    {
      when: and(not(externalSecret), isSet(caBundle), not(isSet(crtPEM)), not(isSet(keyPEM))),
      message: `${key}.caBundle is given without a certificate: give crtPEM and keyPEM too, or set externalSecret`,
    },
  ];
}
