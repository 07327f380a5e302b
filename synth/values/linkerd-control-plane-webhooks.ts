import { extraEnv, probe } from './linkerd-control-plane-parts.ts';
import { flag, group, integer, map, text, whole } from './spec.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface Selector {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchLabels?: Readonly<Record<string, string>>;
}

const NOT_DISABLED: Requirement = {
  key: 'config.linkerd.io/admission-webhooks',
  operator: 'NotIn',
  values: ['disabled'],
};

const NOT_OF_SYSTEM: Requirement = {
  key: 'kubernetes.io/metadata.name',
  operator: 'NotIn',
  values: ['kube-system', 'cert-manager'],
};

function certificate(webhook: string) {
  return {
    crtPEM: text('', `The serving certificate of ${webhook}, as PEM; empty: it makes its own.`, {
      format: 'pem',
    }),
    keyPEM: text('', 'Its private key, as PEM.', { format: 'pem' }),
    caBundle: text('', 'What the API server checks it with, as PEM; empty for the certificate itself.', {
      format: 'pem',
    }),
    injectCaFrom: text('', 'The cert-manager Certificate (`namespace/name`) whose CA is to be trusted.'),
    injectCaFromSecret: text('', 'The Secret (`namespace/name`) whose CA cert-manager is to fill in.'),
  };
}

function externalSecret(name: string) {
  return flag(false, `The Secret \`${name}\` is not of the chart: you or cert-manager make it.`);
}

export const proxyInjector = group('The webhook that adds proxies to pods.', {
  timeoutSeconds: integer(10, 'How long the API server waits for it.', { minimum: 1, maximum: 30 }),
  externalSecret: externalSecret('linkerd-proxy-injector-k8s-tls'),
  namespaceSelector: whole<Selector>(
    { matchExpressions: [NOT_DISABLED, NOT_OF_SYSTEM] },
    'Namespaces whose pods it is asked about.',
  ),
  objectSelector: whole<Selector>(
    {
      matchExpressions: [
        { key: 'linkerd.io/control-plane-component', operator: 'DoesNotExist' },
        { key: 'linkerd.io/cni-resource', operator: 'DoesNotExist' },
      ],
    },
    'Pods and Services it is asked about.',
  ),
  ...certificate('the webhook'),
  podAnnotations: map<string>({}, 'Annotations of its pods.', { type: 'string' }),
  livenessProbe: probe('liveness'),
  readinessProbe: probe('readiness'),
  ...extraEnv('proxy-injector'),
});

function validator(doc: string, secret: string) {
  return group(doc, {
    externalSecret: externalSecret(secret),
    namespaceSelector: whole<Selector>(
      { matchExpressions: [NOT_DISABLED] },
      'Namespaces whose objects it is asked about.',
    ),
    ...certificate('the webhook'),
  });
}

export const profileValidator = validator(
  'The webhook that checks ServiceProfiles; not built yet, so without effect.',
  'linkerd-sp-validator-k8s-tls',
);

export const policyValidator = validator(
  'The webhook that checks policies; not built yet, so without effect.',
  'linkerd-policy-validator-k8s-tls',
);
