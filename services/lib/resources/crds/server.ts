import type { KubeObject, ResourceKind } from '../object.ts';
import type { LabelSelector } from '../selector.ts';

/** How the mesh speaks on one port of the selected workloads. Source: facts sheet crds, "Server". */
export interface Server extends KubeObject {
  readonly kind: 'Server';
  readonly spec: {
    /** Exactly one of the two selectors is set; an empty selector selects every workload. */
    readonly podSelector?: LabelSelector;
    readonly externalWorkloadSelector?: LabelSelector;
    /** A number, or the name of a container port. */
    readonly port: number | string;
    readonly proxyProtocol?: string;
    readonly accessPolicy?: string;
  };
}

export const SERVERS: ResourceKind<Server> = {
  group: 'policy.linkerd.io',
  version: 'v1beta3',
  kind: 'Server',
  plural: 'servers',
  namespaced: true,
};
