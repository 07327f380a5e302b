/** What a piece of policy comes from: a Kubernetes resource, or a configuration nobody wrote. */
export type Reference = DefaultReference | ResourceReference;

export interface DefaultReference {
  readonly kind: 'default';
  /** Such as `all-unauthenticated`, `probe`, `http`. */
  readonly name: string;
}

export interface ResourceReference {
  readonly kind: 'resource';
  /** `core` for Kubernetes' unnamed group. */
  readonly group: string;
  /** As manifests write it, such as `Service`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly port?: number;
}

export function referToDefault(name: string): DefaultReference {
  return { kind: 'default', name };
}

export interface ServicePortName {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export function referToService(service: ServicePortName): ResourceReference {
  return { kind: 'resource', group: 'core', resource: 'Service', ...service };
}
