import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, describeError, type Random } from '#lib/base';
import {
  type KubernetesClient,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type ServingCertificate,
  startWebhookCertificate,
  type WebhookCertificate,
} from '#lib/cluster';
import type { Logger } from '#lib/telemetry';
import type { ProxyInjectorConfig } from '../config.ts';
import {
  PROXY_INJECTOR_LEASE,
  PROXY_INJECTOR_NAME,
  PROXY_INJECTOR_TLS_SECRET,
  PROXY_INJECTOR_WEBHOOK,
  PROXY_INJECTOR_WEBHOOK_CONFIG,
} from '../contract.ts';
import type { ProxyInjectorMetrics } from '../metrics.ts';

export interface FollowCertificateOptions {
  readonly config: Pick<ProxyInjectorConfig, 'namespace' | 'servingCertificate' | 'caBundle'>;
  readonly client: KubernetesClient;
  readonly metrics: ProxyInjectorMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly intervalMs: number;
  /** Throws where it cannot be served. */
  readonly onCertificate: (serving: ServingCertificate) => void;
}

/** Keeps the injector's own certificate and the caBundle of its webhook. */
export function followCertificate(options: FollowCertificateOptions): WebhookCertificate {
  const { config, metrics, log, onCertificate } = options;
  return startWebhookCertificate({
    ...options,
    namespace: config.namespace,
    secretName: PROXY_INJECTOR_TLS_SECRET,
    secret: config.servingCertificate,
    serviceName: PROXY_INJECTOR_NAME,
    configuration: {
      kind: MUTATING_WEBHOOK_CONFIGURATIONS,
      name: PROXY_INJECTOR_WEBHOOK_CONFIG,
      webhooks: [PROXY_INJECTOR_WEBHOOK],
    },
    caBundle: config.caBundle,
    leaseName: PROXY_INJECTOR_LEASE,
    fieldManager: PROXY_INJECTOR_NAME,
    holder: `${hostname()}_${randomUUID().slice(0, 8)}`,
    onChange: metrics.countCertificateChange,
    onCertificate: (serving) => {
      try {
        onCertificate(serving);
        metrics.setCertificateEnd(serving.notAfterMs);
        log.info('serving with another certificate', { until: new Date(serving.notAfterMs).toISOString() });
      } catch (error) {
        const problem = describeError(error);
        log.error('the certificate cannot be served, the one before stays', { error: problem });
      }
    },
  });
}
