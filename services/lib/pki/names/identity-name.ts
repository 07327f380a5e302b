import { createPkiError } from '../errors.ts';

/** Who a meshed workload is: its service account, in a trust domain run by a control plane. */
export interface IdentityName {
  readonly serviceAccount: string;
  readonly namespace: string;
  readonly controlPlaneNamespace: string;
  readonly trustDomain: string;
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const MAX_DNS_NAME_LENGTH = 253;

/** Whether the text is a DNS-1123 label: 1 to 63 lower-case letters, digits and inner hyphens. */
export function isDnsLabel(text: string): boolean {
  return LABEL.test(text);
}

/** Whether the text is a DNS-1123 subdomain: labels joined by dots, 253 characters at most. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= MAX_DNS_NAME_LENGTH && text.split('.').every(isDnsLabel);
}

/** Writes `SA.NS.serviceaccount.identity.CONTROL-PLANE-NS.TRUST-DOMAIN`. Throws PKI_IDENTITY_INVALID. */
export function formatIdentity(name: IdentityName): string {
  const text = [
    name.serviceAccount,
    name.namespace,
    'serviceaccount.identity',
    name.controlPlaneNamespace,
    name.trustDomain,
  ].join('.');
  if (![name.serviceAccount, name.namespace, name.controlPlaneNamespace].every(isDnsLabel))
    throw refuseIdentity(text);
  if (!isDnsSubdomain(text)) throw refuseIdentity(text);
  return text;
}

/** Reads a DNS identity in any case, with or without a trailing dot. Throws PKI_IDENTITY_INVALID. */
export function parseIdentity(text: string): IdentityName {
  const normal = normalizeDnsName(text);
  const [serviceAccount, namespace, kind, marker, controlPlaneNamespace, ...domain] = normal.split('.');
  const isComplete = serviceAccount && namespace && controlPlaneNamespace && domain.length > 0;
  if (!isComplete || kind !== 'serviceaccount' || marker !== 'identity' || !isDnsSubdomain(normal)) {
    throw refuseIdentity(text);
  }
  return { serviceAccount, namespace, controlPlaneNamespace, trustDomain: domain.join('.') };
}

/** DNS names are compared in lower case and without a trailing dot. */
export function normalizeDnsName(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

function refuseIdentity(text: string): Error {
  return createPkiError(
    'PKI_IDENTITY_INVALID',
    `"${text}" is not an identity of the form SERVICEACCOUNT.NAMESPACE.serviceaccount.identity.CONTROL-PLANE-NAMESPACE.TRUST-DOMAIN made of DNS labels.`,
  );
}
