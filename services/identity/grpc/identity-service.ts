import { type identity, timestampFromMs } from '#lib/api';
import type { ServiceImplementation } from '#lib/grpc';
import { type CertifyParts, certify } from '../core/certify.ts';
import { createGrpcRefusal } from '../errors.ts';

/** The gRPC face of `certify()`. `onRefusal` hears of every call that gets no certificate. */
export function createIdentityService(
  parts: CertifyParts,
  onRefusal: (requested: string, error: unknown) => void,
): ServiceImplementation<typeof identity.Identity> {
  return {
    certify: async (request) => {
      try {
        const { leaf, intermediates } = await certify(
          { identity: request.identity, token: request.token, csr: request.certificateSigningRequest },
          parts,
        );
        return {
          leafCertificate: leaf.der,
          intermediateCertificates: intermediates.map(({ der }) => der),
          validUntil: timestampFromMs(leaf.notAfterMs),
        };
      } catch (error) {
        onRefusal(request.identity, error);
        throw createGrpcRefusal(error);
      }
    },
  };
}
