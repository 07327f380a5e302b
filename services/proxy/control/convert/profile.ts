import type { destination } from '#lib/api';
import type { Profile, WeightedDestination } from '../../outbound/endpoint.ts';
import { convertEndpoint } from './endpoint.ts';
import { convertMetadata } from './metadata.ts';

export function convertProfile(profile: destination.DestinationProfile): Profile {
  return {
    opaque: profile.opaqueProtocol,
    fullyQualifiedName: profile.fullyQualifiedName,
    endpoint: profile.endpoint === undefined ? undefined : convertEndpoint(profile.endpoint),
    dstOverrides: profile.dstOverrides.flatMap(convertOverride),
  };
}

/** One without a weight or a name takes no part in the split. */
function convertOverride({ authority, weight, backendRef }: destination.WeightedDst): WeightedDestination[] {
  if (weight === 0 || authority === '') return [];
  const isNamed = backendRef !== undefined && backendRef.kind.case !== undefined;
  return [{ path: authority, weight, meta: isNamed ? convertMetadata(backendRef) : undefined }];
}
