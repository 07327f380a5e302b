import { MeshError } from '#lib/base';
import { formatCertificates, parseCertificates } from '#lib/pki';
import { apiVersionOf } from '#lib/resources';
import { isSameBundle } from './mint.ts';
import type { WebhookCertificateOptions } from './options.ts';
import type { ServingCertificate } from './serving-certificate.ts';
import type { WebhookConfiguration } from './webhook-configuration.ts';

/** `absent`: there is no configuration, so that nobody calls the webhook. */
export type BundleState = 'good' | 'stale' | 'absent';

export interface CaBundle {
  /** How the configuration's bundles compare with this one. Rejects where it cannot be read, or lacks a webhook. */
  inspect(bundlePem: string): Promise<BundleState>;
  /** Makes the bundle that of all webhooks. Never creates the configuration. */
  write(bundlePem: string): Promise<void>;
}

type Options = Pick<WebhookCertificateOptions, 'client' | 'configuration' | 'fieldManager'>;

export function createCaBundle({ client, configuration, fieldManager }: Options): CaBundle {
  const { kind, name, webhooks } = configuration;
  const read = async () => {
    const found = await client.get(kind, { name });
    if (found !== undefined) checkWebhooks(found, webhooks);
    return found;
  };
  return {
    async inspect(bundlePem) {
      const found = await read();
      if (found === undefined) return 'absent';
      return webhooks.every((webhook) => isSameBundle(bundleOf(found, webhook), bundlePem))
        ? 'good'
        : 'stale';
    },
    async write(bundlePem) {
      const found = await read();
      if (found === undefined) return;
      const caBundle = Buffer.from(bundlePem).toString('base64');
      // With the uid and the version of what was read, an apply can neither create it nor overtake a change.
      const { uid, resourceVersion } = found.metadata;
      const applied: WebhookConfiguration = {
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
        metadata: { name, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
        webhooks: webhooks.map((webhook) => ({ name: webhook, clientConfig: { caBundle } })),
      };
      await client.apply(kind, applied, { fieldManager, force: true });
    },
  };
}

/** Applying to a webhook that is not there would add half a one. */
function checkWebhooks(found: WebhookConfiguration, webhooks: readonly string[]): void {
  const missing = webhooks.find((name) => !found.webhooks?.some((webhook) => webhook.name === name));
  if (missing === undefined) return;
  const sentence = `The ${found.kind} ${found.metadata.name} has no webhook ${missing}; upgrade the chart that owns it.`;
  throw new MeshError('LINKERD_WEBHOOK_CONFIGURATION', sentence);
}

function bundleOf(found: WebhookConfiguration, name: string): string {
  const base64 = found.webhooks?.find((webhook) => webhook.name === name)?.clientConfig?.caBundle ?? '';
  return Buffer.from(base64, 'base64').toString();
}

/** What the API server has to trust: `ca.crt`, or where a given Secret has none, the last certificate of its chain. */
export function trustedBundle({ caPem, certPem }: ServingCertificate): string {
  return caPem ?? formatCertificates(parseCertificates(certPem, 'tls.crt').slice(-1));
}
