import type { KubeObject, ResourceKind } from '#lib/resources';

/** Both kinds of configuration, as far as their caBundle is concerned. Source: kubernetes.io, "Dynamic Admission Control". */
export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    /** `caBundle` is base64 of PEM. */
    readonly clientConfig?: { readonly caBundle?: string };
  }[];
}

const group = 'admissionregistration.k8s.io';
const version = 'v1';

export const MUTATING_WEBHOOK_CONFIGURATIONS: ResourceKind<WebhookConfiguration> = {
  group,
  version,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
};

export const VALIDATING_WEBHOOK_CONFIGURATIONS: ResourceKind<WebhookConfiguration> = {
  group,
  version,
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
};
