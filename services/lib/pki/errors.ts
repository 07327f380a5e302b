import { describeError, MeshError } from '#lib/base';

/** Every code with which this room refuses an input. */
export const PKI_ERROR_CODES = [
  'PKI_PEM_UNREADABLE',
  'PKI_CERTIFICATE_UNREADABLE',
  'PKI_CSR_UNREADABLE',
  'PKI_KEY_UNREADABLE',
  'PKI_KEY_UNSUPPORTED',
  'PKI_KEY_MISMATCH',
  'PKI_IDENTITY_INVALID',
  'PKI_ISSUANCE_INVALID',
  'PKI_ISSUER_NOT_CA',
  'PKI_ISSUER_EXPIRED',
  'PKI_ISSUER_NOT_YET_VALID',
  'PKI_ISSUER_UNTRUSTED',
] as const;

export type PkiErrorCode = (typeof PKI_ERROR_CODES)[number];

/** An error of this room. The message is a whole sentence: which thing, what is wrong, what to do. */
export function createPkiError(code: PkiErrorCode, sentence: string, cause?: unknown): MeshError {
  return new MeshError(code, sentence, cause === undefined ? {} : { cause });
}

/**
 * Runs a reader of foreign bytes. Whatever it throws (node-forge and node:crypto throw many things) becomes a
 * MeshError with this code, whose sentence is `describe` of the detail.
 */
export function translateReadErrors<T>(
  code: PkiErrorCode,
  describe: (detail: string) => string,
  read: () => T,
): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MeshError) throw error;
    // The sentence around it has a full stop of its own.
    throw createPkiError(code, describe(describeError(error).replace(/\.+$/, '')), error);
  }
}
