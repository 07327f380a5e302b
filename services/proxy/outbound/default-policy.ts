import { defaultMeta } from '../policy/metadata.ts';
import type { SocketAddress } from '../transport/address.ts';
import type { Backend, ClientPolicy, HttpPolicy } from './client-policy.ts';
import type { Endpoint, Profile } from './endpoint.ts';

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

/** The policy that a profile alone makes: to its endpoint, or balanced over those of its Service. */
export function createProfilePolicy(address: SocketAddress, profile: Profile): ClientPolicy {
  const { endpoint, fullyQualifiedName } = profile;
  const meta = defaultMeta(endpoint === undefined ? 'service' : 'endpoint');
  if (endpoint !== undefined) return createSolePolicy({ meta, dispatcher: { kind: 'forward', endpoint } });
  const path = `${fullyQualifiedName === '' ? address.host : fullyQualifiedName}:${address.port}`;
  return createSolePolicy({ meta, dispatcher: { kind: 'balancer', path, load: PROFILE_LOAD } });
}

/** Whatever comes goes to one backend. */
function createSolePolicy(backend: Backend): ClientPolicy {
  const { meta } = backend;
  const distribution = { kind: 'first-available', backends: [backend] } as const;
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
