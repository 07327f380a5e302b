import { formatSpiffeId, isDnsLabel } from '#lib/pki';
import { createRefusal } from './refusal.ts';

/** Whom a token stands for: the parts of `system:TYPE:NAMESPACE:NAME`. */
export interface Bearer {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
}

/** Reads a user name of Kubernetes. Throws IDENTITY_TOKEN_SUBJECT_INVALID. */
export function parseBearer(username: string): Bearer {
  const [system, type = '', namespace = '', name = '', ...rest] = username.split(':');
  if (system !== 'system' || rest.length > 0 || ![type, namespace, name].every(isDnsLabel)) {
    throw createRefusal(
      'IDENTITY_TOKEN_SUBJECT_INVALID',
      `The token stands for "${username}"; a workload's token stands for system:serviceaccount:NAMESPACE:NAME, each a DNS label (so without dots).`,
    );
  }
  return { type, namespace, name };
}

/** The identity that a bearer may ask for, under this control plane. */
export function nameBearer(
  { type, namespace, name }: Bearer,
  { controllerNamespace, trustDomain }: { controllerNamespace: string; trustDomain: string },
): string {
  return `${name}.${namespace}.${type}.identity.${controllerNamespace}.${trustDomain}`;
}

/** The SPIFFE IDs of a bearer: one for a service account, none for anything else. */
export function listSpiffeIds({ type, namespace, name }: Bearer, trustDomain: string): readonly string[] {
  return type === 'serviceaccount' ? [formatSpiffeId({ trustDomain, namespace, serviceAccount: name })] : [];
}
