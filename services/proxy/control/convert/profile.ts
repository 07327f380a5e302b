import type { destination } from '#lib/api';
import type { Profile } from '../../outbound/endpoint.ts';
import { convertEndpoint } from './endpoint.ts';

export function convertProfile(profile: destination.DestinationProfile): Profile {
  return {
    opaque: profile.opaqueProtocol,
    fullyQualifiedName: profile.fullyQualifiedName,
    endpoint: profile.endpoint === undefined ? undefined : convertEndpoint(profile.endpoint),
  };
}
