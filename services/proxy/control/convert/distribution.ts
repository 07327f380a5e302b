import type { outbound } from '#lib/api';
import type { Backend, Distribution } from '../../outbound/client-policy.ts';
import { convertBackend } from './backend.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';

interface RouteBackendMessage<Filter> {
  readonly backend?: outbound.Backend | undefined;
  readonly filters: readonly Filter[];
}

/** What the distributions of HTTP, gRPC, opaque and TLS routes have in common. */
export interface DistributionMessage<Filter> {
  readonly kind:
    | { readonly case: 'empty' }
    | {
        readonly case: 'firstAvailable';
        readonly value: { readonly backends: readonly RouteBackendMessage<Filter>[] };
      }
    | {
        readonly case: 'randomAvailable';
        readonly value: {
          readonly backends: readonly {
            readonly backend?: RouteBackendMessage<Filter> | undefined;
            readonly weight: number;
          }[];
        };
      }
    | { readonly case: undefined };
}

export interface ConvertedDistribution<Refusal> {
  readonly distribution: Distribution;
  /** Set when every backend refuses all that comes; then it is the first one's refusal. */
  readonly refusal: Refusal | undefined;
}

interface Part<Refusal> {
  readonly backend: Backend;
  readonly refusal: Refusal | undefined;
}

/** `findRefusal` reads the filters of a backend. A refusing backend beside others always fails. */
export function convertDistribution<Filter, Refusal>(
  message: DistributionMessage<Filter> | undefined,
  findRefusal: (filters: readonly Filter[]) => Refusal | undefined,
): ConvertedDistribution<Refusal> {
  const { kind } = requireField(message, 'the distribution of a rule');
  const convert = (part: RouteBackendMessage<Filter> | undefined): Part<Refusal> => {
    const routeBackend = requireField(part, 'the backend of a rule');
    const refusal = findRefusal(routeBackend.filters);
    const backend = convertBackend(requireField(routeBackend.backend, 'the backend of a rule'));
    return {
      refusal,
      backend: refusal === undefined ? backend : { ...backend, dispatcher: { kind: 'fail' } },
    };
  };
  switch (kind.case) {
    case 'empty':
      return { distribution: { kind: 'empty' }, refusal: undefined };
    case 'firstAvailable': {
      const parts = kind.value.backends.map(convert);
      const backends = parts.map(({ backend }) => backend);
      return { distribution: { kind: 'first-available', backends }, refusal: commonRefusal(parts) };
    }
    case 'randomAvailable': {
      const parts = kind.value.backends.map(({ backend, weight }) => ({ ...convert(backend), weight }));
      if (parts.every(({ weight }) => weight === 0))
        throw new InvalidPolicyError('all weights of a rule are zero');
      const backends = parts.map(({ backend, weight }) => ({ backend, weight }));
      return { distribution: { kind: 'random-available', backends }, refusal: commonRefusal(parts) };
    }
    default:
      throw new InvalidPolicyError('the distribution of a rule has no kind');
  }
}

function commonRefusal<Refusal>(parts: readonly Part<Refusal>[]): Refusal | undefined {
  if (parts.length === 0) throw new InvalidPolicyError('a rule has no backends');
  return parts.every(({ refusal }) => refusal !== undefined) ? parts[0]?.refusal : undefined;
}
