import type { KubeObject, ResourceKind } from '../object.ts';

/** A meshed process outside the cluster. Source: facts sheet crds, "ExternalWorkload". */
export interface ExternalWorkload extends KubeObject {
  readonly kind: 'ExternalWorkload';
  readonly spec: {
    readonly meshTLS: {
      /** The name in its certificate, a SPIFFE id as a rule. */
      readonly identity: string;
      readonly serverName: string;
    };
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
    readonly workloadIPs?: readonly { readonly ip: string }[];
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const EXTERNAL_WORKLOADS: ResourceKind<ExternalWorkload> = {
  group: 'workload.linkerd.io',
  version: 'v1beta1',
  kind: 'ExternalWorkload',
  plural: 'externalworkloads',
  namespaced: true,
};
