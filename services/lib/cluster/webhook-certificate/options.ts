import type { Clock, Random } from '#lib/base';
import type { ResourceKind } from '#lib/resources';
import type { Logger } from '#lib/telemetry';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ServingCertificate } from './serving-certificate.ts';
import type { WebhookConfiguration } from './webhook-configuration.ts';

/** `minted`: one of our replicas makes it and keeps it good. `given`: somebody else does, and we never write. */
export type CertificateOrigin = 'minted' | 'given';

/** `loaded`: another certificate is served; `minted`, `bundle_written`: we wrote; `refused`: something is wrong. */
export type CertificateChange = 'loaded' | 'minted' | 'bundle_written' | 'refused';

export interface WebhookCertificateOptions {
  readonly client: KubernetesClient;
  /** Where the Secret, the Lease and the Service are. */
  readonly namespace: string;
  /** Of type kubernetes.io/tls; `ca.crt` is the bundle that its leaf is verified with. */
  readonly secretName: string;
  readonly secret: CertificateOrigin;
  /** The Service by which the API server calls the webhook. */
  readonly serviceName: string;
  /** The configuration whose caBundles are written, and its webhooks that we serve. */
  readonly configuration: {
    readonly kind: ResourceKind<WebhookConfiguration>;
    readonly name: string;
    readonly webhooks: readonly string[];
  };
  readonly caBundle: CertificateOrigin;
  /** Held while something is written. */
  readonly leaseName: string;
  readonly fieldManager: string;
  /** The replica: no two have the same. */
  readonly holder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** A certificate to serve with from now on. */
  readonly onCertificate: (serving: ServingCertificate) => void;
  readonly onChange?: (change: CertificateChange) => void;
  /** Everything is looked at so often, whatever the watches say. @default 10 000 */
  readonly intervalMs?: number;
  /** How long API servers get to learn of a new authority before it signs what they see. @default 3000 */
  readonly settleMs?: number;
}
