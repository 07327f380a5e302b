import { MeshError } from '#lib/base';

/** Every way in which Certify can fail. */
export type RefusalCode =
  | 'IDENTITY_ISSUER_NOT_READY'
  | 'IDENTITY_ISSUER_INVALID'
  | 'IDENTITY_REQUEST_INCOMPLETE'
  | 'IDENTITY_CSR_UNREADABLE'
  | 'IDENTITY_CSR_REFUSED'
  | 'IDENTITY_TOKEN_REVIEW_FAILED'
  | 'IDENTITY_TOKEN_INVALID'
  | 'IDENTITY_TOKEN_NOT_AUTHENTICATED'
  | 'IDENTITY_TOKEN_SUBJECT_INVALID'
  | 'IDENTITY_NAME_MISMATCH'
  | 'IDENTITY_SIGNING_FAILED';

export function createRefusal(code: RefusalCode, sentence: string, cause?: unknown): MeshError {
  return new MeshError(code, sentence, cause === undefined ? {} : { cause });
}
