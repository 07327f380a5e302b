import type { KubeObject, OwnerReference, ResourceKind } from '#lib/resources';

/** Who may do what only one may do. Source: kubernetes.io, "Lease (coordination.k8s.io/v1)". */
export interface Lease extends KubeObject {
  readonly kind: 'Lease';
  readonly spec?: {
    /** Empty or absent: nobody. */
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

export const LEASES: ResourceKind<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

export interface LeaseTerms {
  readonly namespace: string;
  readonly name: string;
  readonly holder: string;
  readonly durationMs: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** The lease as `holder` wants it, made of what is there. */
export function claimLease(current: Lease | undefined, terms: LeaseTerms, nowMs: number): Lease {
  const { namespace, name, holder, labels, ownerReferences } = terms;
  const now = formatMicroTime(nowMs);
  const isOurs = current?.spec?.holderIdentity === holder;
  const transitions = current?.spec?.leaseTransitions ?? 0;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: current?.metadata ?? {
      namespace,
      name,
      ...(labels !== undefined && { labels }),
      ...(ownerReferences !== undefined && { ownerReferences }),
    },
    spec: {
      ...current?.spec,
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(terms.durationMs / 1000),
      acquireTime: isOurs ? (current?.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: isOurs || current === undefined ? transitions : transitions + 1,
    },
  };
}

/** The lease given back: whoever looks next may take it at once. */
export function releaseLease(current: Lease, nowMs: number): Lease {
  return {
    ...current,
    spec: { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: formatMicroTime(nowMs) },
  };
}

/** The API takes exactly six digits. */
function formatMicroTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000Z');
}
