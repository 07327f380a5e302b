import { defaultMeta } from '../policy/metadata.ts';
import type { SocketAddress } from '../transport/address.ts';
import type { Backend, ClientPolicy, HttpPolicy } from './client-policy.ts';
import type { Endpoint, Profile } from './endpoint.ts';

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
  const backend: Backend = { meta, dispatcher: { kind: 'forward', endpoint } };
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
