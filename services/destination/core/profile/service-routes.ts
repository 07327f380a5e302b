import { describeError, parseGoDuration } from '#lib/base';
import { parseQuantity, type ServiceProfile, type ServiceProfileRoute } from '#lib/resources';
import { findServiceTarget } from '../authority.ts';
import { DEFAULT_RETRY_BUDGET, type RetryBudget, type Route, type WeightedDst } from './profile.ts';
import { translateRequestCondition, translateResponseCondition } from './route-match.ts';

/** What a ServiceProfile adds to its Service's profile. */
export interface ServiceRoutes {
  readonly routes: readonly Route[];
  readonly retryBudget: RetryBudget;
  readonly dstOverrides: readonly WeightedDst[];
  /** What could not be used, one sentence each; the rest counts all the same. */
  readonly warnings: readonly string[];
}

/** Source: facts sheet control-plane, "Service profile content". */
export function translateServiceProfile(
  profile: ServiceProfile,
  { port, clusterDomain }: { port: number; clusterDomain: string },
): ServiceRoutes {
  const warnings: string[] = [];
  const warn = (sentence: string) => {
    warnings.push(`ServiceProfile ${profile.metadata.namespace}/${profile.metadata.name}: ${sentence}`);
  };
  const { routes = [], retryBudget, dstOverrides = [] } = profile.spec ?? {};
  return {
    routes: routes.flatMap((route) => translateRoute(route, warn) ?? []),
    retryBudget: retryBudget === undefined ? DEFAULT_RETRY_BUDGET : translateBudget(retryBudget, warn),
    dstOverrides: dstOverrides.flatMap((dst) => translateDst(dst, { port, clusterDomain, warn }) ?? []),
    warnings,
  };
}

type Warn = (sentence: string) => void;

function translateRoute(route: ServiceProfileRoute, warn: Warn): Route | undefined {
  try {
    const timeoutMs = readTimeout(route, warn);
    return {
      name: route.name,
      condition: translateRequestCondition(route.condition),
      responseClasses: (route.responseClasses ?? []).map(({ condition, isFailure = false }) => ({
        condition: translateResponseCondition(condition),
        isFailure,
      })),
      isRetryable: route.isRetryable ?? false,
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
  } catch (error) {
    warn(`route "${route.name}" left out: ${describeError(error)}`);
    return undefined;
  }
}

function readTimeout({ name, timeout = '' }: ServiceProfileRoute, warn: Warn): number | undefined {
  if (timeout === '') return undefined;
  const timeoutMs = parseGoDuration(timeout);
  if (timeoutMs === undefined || timeoutMs < 0) {
    warn(`route "${name}" has no timeout: "${timeout}" is not a duration such as 300ms`);
    return undefined;
  }
  return timeoutMs;
}

type Spec = NonNullable<ServiceProfile['spec']>;

function translateBudget(budget: NonNullable<Spec['retryBudget']>, warn: Warn): RetryBudget {
  const ttlMs = parseGoDuration(budget.ttl);
  if (ttlMs === undefined) {
    warn(`retryBudget.ttl is taken for 10s: "${budget.ttl}" is not a duration such as 10s`);
  }
  return {
    retryRatio: budget.retryRatio,
    minRetriesPerSecond: budget.minRetriesPerSecond,
    ttlMs: ttlMs ?? DEFAULT_RETRY_BUDGET.ttlMs,
  };
}

function translateDst(
  { authority = '', weight = 0 }: NonNullable<Spec['dstOverrides']>[number],
  { port, clusterDomain, warn }: { port: number; clusterDomain: string; warn: Warn },
): WeightedDst | undefined {
  const quantity = parseQuantity(weight);
  if (authority === '' || quantity === undefined || quantity < 0) {
    warn(
      `dstOverride "${authority}" with weight "${weight}" left out: it needs an authority and a weight of 0 or more`,
    );
    return undefined;
  }
  const full = /:\d+$/.test(authority) ? authority : `${authority}:${port}`;
  const backend = findServiceTarget(full, clusterDomain);
  return {
    authority: full,
    // Thousandths, rounded up as Kubernetes does, times ten; the rounding before hides binary fractions.
    weight: Math.min(Math.ceil(Number((quantity * 1000).toFixed(6))) * 10, 0xffff_ffff),
    ...(backend && { backend: { group: 'core', kind: 'Service', ...backend.service, port: backend.port } }),
  };
}
