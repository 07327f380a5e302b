export type { CertificateChange, CertificateOrigin, WebhookCertificateOptions } from './options.ts';
export type { ServingCertificate } from './serving-certificate.ts';
export { startWebhookCertificate, type WebhookCertificate } from './webhook-certificate.ts';
export {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  type WebhookConfiguration,
} from './webhook-configuration.ts';
