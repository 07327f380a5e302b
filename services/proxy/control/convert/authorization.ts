import type { inbound } from '#lib/api';
import type { Authentication, Authorization } from '../../inbound/server-policy.ts';
import { convertNetwork } from './cidr.ts';
import { InvalidPolicyError, requireField } from './invalid-policy.ts';
import { convertMetadata, convertMetadataLabels } from './metadata.ts';

/** Throws for an authorization without networks, authentication or a name. */
export function convertAuthorization(authz: inbound.Authz): Authorization {
  if (authz.networks.length === 0) throw new InvalidPolicyError('an authorization has no networks');
  return {
    meta:
      authz.metadata === undefined
        ? convertMetadataLabels(authz.labels, 'serverauthorization')
        : convertMetadata(authz.metadata),
    networks: authz.networks.map(convertNetwork),
    authentication: convertAuthentication(authz.authentication),
  };
}

function convertAuthentication(authn: inbound.Authn | undefined): Authentication {
  const permit = requireField(authn?.permit, 'the authentication of an authorization');
  switch (permit.case) {
    case 'unauthenticated':
      return { kind: 'unauthenticated' };
    case 'meshTLS':
      return convertMeshTls(permit.value);
    default:
      throw new InvalidPolicyError('the authentication of an authorization has no kind');
  }
}

function convertMeshTls({ clients }: inbound.Authn_PermitMeshTLS): Authentication {
  switch (clients.case) {
    case 'unauthenticated':
      return { kind: 'tls' };
    case 'identities':
      return {
        kind: 'mesh-tls',
        identities: new Set(clients.value.identities.map(({ name }) => convertIdentity(name))),
        suffixes: clients.value.suffixes.map(({ parts }) => parts.join('.').toLowerCase()),
      };
    default:
      throw new InvalidPolicyError('the mesh TLS authentication names no clients');
  }
}

/** A SPIFFE ID as it is; a DNS identity in lower case without a trailing dot. */
function convertIdentity(name: string): string {
  if (name === '') throw new InvalidPolicyError('an authorized identity is empty');
  return name.includes('://') ? name : name.toLowerCase().replace(/\.$/, '');
}
