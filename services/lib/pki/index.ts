export { formatCertificateText } from './certificate-text.ts';
export {
  type ChainPurpose,
  type ChainRefusal,
  nameCertificate,
  type RefusedChain,
} from './chain/chain-checks.ts';
export { type Issuer, type IssuerInput, loadIssuer, verifyIssuer } from './chain/issuer.ts';
export { type ChainQuestion, type ChainVerdict, verifyChain } from './chain/verification.ts';
export { PKI_ERROR_CODES, type PkiErrorCode } from './errors.ts';
export { describeKey, formatPrivateKey, generatePrivateKey, parsePrivateKey } from './keys.ts';
export {
  formatIdentity,
  type IdentityName,
  isDnsLabel,
  isDnsSubdomain,
  normalizeDnsName,
  parseIdentity,
} from './names/identity-name.ts';
export { hasIdentity, readPeerIdentities, readPeerIdentity } from './names/peer-identity.ts';
export {
  convertIdentityToSpiffeId,
  convertSpiffeIdToIdentity,
  formatSpiffeId,
  isSpiffeId,
  isTrustDomain,
  parseSpiffeId,
  parseSpiffeWorkload,
  type SpiffeId,
  type SpiffeWorkload,
} from './names/spiffe-id.ts';
export { formatPem, type PemBlock, parsePem } from './pem.ts';
export {
  type Certificate,
  formatCertificates,
  parseCertificate,
  parseCertificates,
} from './x509/certificate.ts';
export {
  type CertificateRequest,
  createCertificateRequest,
  parseCertificateRequest,
  verifyCertificateRequest,
} from './x509/certificate-request.ts';
export type { SubjectAltName } from './x509/general-name.ts';
export {
  type Credentials,
  createTrustAnchor,
  type IssuerOptions,
  issueIssuer,
  issueLeaf,
  type LeafOptions,
  type TrustAnchorOptions,
  type Validity,
} from './x509/issuance.ts';
