import { defaultMeta, type PolicyMeta } from '../policy/metadata.ts';
import type { SocketAddress } from '../transport/address.ts';
import type { Backend, ClientPolicy, Distribution, HttpPolicy } from './client-policy.ts';
import type { Endpoint, Profile, WeightedDestination } from './endpoint.ts';

/** Source: facts sheet proxy-wire, section 19. */
const PROFILE_LOAD = { defaultRttMs: 30, decayMs: 10_000 };

/** An address of which nothing is known: plaintext, whatever the app speaks. */
export function bareEndpoint(address: SocketAddress): Endpoint {
  return {
    address,
    tls: undefined,
    hint: 'unknown',
    opaqueTransportPort: undefined,
    authorityOverride: undefined,
    labels: {},
    zoneLocality: 'unknown',
    keepAlive: undefined,
  };
}

/**
 * The policy where the control plane has none for an address: detect, and forward to the profile's endpoint or to
 * where the app meant to go. Source: facts sheet proxy-wire, section 14.
 */
export function createDefaultPolicy(address: SocketAddress, profile: Profile | undefined): ClientPolicy {
  const meta = defaultMeta(profile?.endpoint === undefined ? 'fallback' : 'endpoint');
  const endpoint = profile?.endpoint ?? bareEndpoint(address);
  return createSolePolicy({ meta, dispatcher: { kind: 'forward', endpoint } });
}

/**
 * The policy that a profile alone makes: split over its overrides, balanced over the endpoints of its Service, or to
 * its one endpoint. Source: facts sheet proxy-wire, sections 14 and 15.
 */
export function createProfilePolicy(address: SocketAddress, profile: Profile): ClientPolicy {
  const { endpoint, fullyQualifiedName, dstOverrides } = profile;
  if (dstOverrides.length > 0) return createSplitPolicy(dstOverrides);
  if (endpoint !== undefined && fullyQualifiedName === '')
    return createSolePolicy({ meta: defaultMeta('endpoint'), dispatcher: { kind: 'forward', endpoint } });
  const path = `${fullyQualifiedName === '' ? address.host : fullyQualifiedName}:${address.port}`;
  return createSolePolicy(balancedBackend(defaultMeta('service'), path));
}

/** The profile's split in the place of the policy's backends; what is spoken stays as the policy says. */
export function overrideBackends(
  policy: ClientPolicy | undefined,
  overrides: readonly WeightedDestination[],
): ClientPolicy {
  const split = createSplitPolicy(overrides);
  if (policy === undefined) return split;
  const { http1: http, opaque } = split.protocol;
  const { parent, protocol } = policy;
  if (protocol.kind === 'detect') return { parent, protocol: split.protocol };
  if (protocol.kind === 'opaque' || protocol.kind === 'tls')
    return { parent, protocol: { kind: protocol.kind, opaque } };
  return { parent, protocol: { kind: protocol.kind, http } };
}

function balancedBackend(meta: PolicyMeta, path: string): Backend {
  return { meta, dispatcher: { kind: 'balancer', path, load: PROFILE_LOAD } };
}

type DetectPolicy = ClientPolicy & { readonly protocol: { readonly kind: 'detect' } };

function createSplitPolicy(overrides: readonly WeightedDestination[]): DetectPolicy {
  const meta = defaultMeta('service');
  const backends = overrides.map(({ path, weight, meta: named }) => ({
    backend: balancedBackend(named ?? meta, path),
    weight,
  }));
  return createPolicy(meta, { kind: 'random-available', backends });
}

/** Whatever comes goes to one backend. */
function createSolePolicy(backend: Backend): DetectPolicy {
  return createPolicy(backend.meta, { kind: 'first-available', backends: [backend] });
}

function createPolicy(meta: PolicyMeta, distribution: Distribution): DetectPolicy {
  const http: HttpPolicy = {
    routes: [{ meta, hosts: [], rules: [{ matches: [], distribution, failure: undefined }] }],
    failureAccrual: undefined,
  };
  return {
    parent: meta,
    protocol: {
      kind: 'detect',
      http1: http,
      http2: http,
      opaque: { route: { meta, verdict: 'forward', distribution } },
    },
  };
}
