import type { KubeObject, ResourceKind } from '../object.ts';

/**
 * Routes, retries and splits of a Service, by its full name. The fields are as users wrote them: strings are
 * durations and quantities that may not parse. Source: facts sheet crds, "ServiceProfile".
 */
export interface ServiceProfile extends KubeObject {
  readonly kind: 'ServiceProfile';
  readonly spec?: {
    readonly routes?: readonly ServiceProfileRoute[];
    readonly retryBudget?: {
      readonly retryRatio: number;
      readonly minRetriesPerSecond: number;
      /** A Go duration. */
      readonly ttl: string;
    };
    readonly dstOverrides?: readonly {
      /** `name` or `name:port`. */
      readonly authority?: string;
      /** A quantity: `500m`, `1`. */
      readonly weight?: string | number;
    }[];
    /** Ignored: the annotation of the Service decides. */
    readonly opaquePorts?: readonly string[];
  };
}

export interface ServiceProfileRoute {
  readonly name: string;
  readonly condition: RequestCondition;
  readonly responseClasses?: readonly {
    readonly condition: ResponseCondition;
    readonly isFailure?: boolean;
  }[];
  readonly isRetryable?: boolean;
  /** A Go duration. */
  readonly timeout?: string;
}

/** The fields that are set must all hold. */
export interface RequestCondition {
  readonly all?: readonly RequestCondition[];
  readonly any?: readonly RequestCondition[];
  /** The CRD's schema takes a list here, upstream's documentation one condition: none of them may hold. */
  readonly not?: RequestCondition | readonly RequestCondition[];
  readonly method?: string;
  readonly pathRegex?: string;
}

/** The fields that are set must all hold. */
export interface ResponseCondition {
  readonly all?: readonly ResponseCondition[];
  readonly any?: readonly ResponseCondition[];
  readonly not?: ResponseCondition;
  /** Inclusive; a bound that is absent or 0 equals the other. */
  readonly status?: { readonly min?: number; readonly max?: number };
}

export const SERVICE_PROFILES: ResourceKind<ServiceProfile> = {
  group: 'linkerd.io',
  version: 'v1alpha2',
  kind: 'ServiceProfile',
  plural: 'serviceprofiles',
  namespaced: true,
};
