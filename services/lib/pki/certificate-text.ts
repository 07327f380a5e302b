import { describeKey } from './keys.ts';
import type { Certificate } from './x509/certificate.ts';
import type { Extension, KeyUsage } from './x509/extension.ts';
import { OID } from './x509/oids.ts';
import { exportSpkiDer } from './x509/spki.ts';

const USAGE_NAMES: Readonly<Record<KeyUsage, string>> = {
  digitalSignature: 'Digital Signature',
  contentCommitment: 'Non Repudiation',
  keyEncipherment: 'Key Encipherment',
  dataEncipherment: 'Data Encipherment',
  keyAgreement: 'Key Agreement',
  keyCertSign: 'Certificate Sign',
  cRLSign: 'CRL Sign',
  encipherOnly: 'Encipher Only',
  decipherOnly: 'Decipher Only',
};

const PURPOSE_NAMES: Readonly<Record<string, string>> = {
  [OID.serverAuth]: 'TLS Web Server Authentication',
  [OID.clientAuth]: 'TLS Web Client Authentication',
  [OID.anyExtendedKeyUsage]: 'Any Extended Key Usage',
};

const EXTENSION_NAMES: Readonly<Record<string, string>> = {
  [OID.keyUsage]: 'X509v3 Key Usage',
  [OID.extendedKeyUsage]: 'X509v3 Extended Key Usage',
  [OID.basicConstraints]: 'X509v3 Basic Constraints',
  [OID.subjectAltName]: 'X509v3 Subject Alternative Name',
  [OID.subjectKeyIdentifier]: 'X509v3 Subject Key Identifier',
  [OID.authorityKeyIdentifier]: 'X509v3 Authority Key Identifier',
  [OID.nameConstraints]: 'X509v3 Name Constraints',
};

const NAME_KINDS = { dns: 'DNS', uri: 'URI', email: 'email', ip: 'IP Address', other: 'othername' } as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HEX_COLUMNS = { key: 15, signature: 18 } as const;

/** A certificate as text, laid out as `openssl x509 -text` does, ending with a newline. */
export function formatCertificateText(certificate: Certificate): string {
  const lines = [
    'Certificate:',
    '    Data:',
    `        Version: ${certificate.version} (0x${(certificate.version - 1).toString(16)})`,
    '        Serial Number:',
    `            ${formatHex(Buffer.from(certificate.serialHex, 'hex')).toLowerCase()}`,
    `        Signature Algorithm: ${certificate.signatureAlgorithm}`,
    `        Issuer: ${spaceEquals(certificate.issuer.text)}`,
    '        Validity',
    `            Not Before: ${formatDate(certificate.notBeforeMs)}`,
    `            Not After : ${formatDate(certificate.notAfterMs)}`,
    `        Subject: ${spaceEquals(certificate.subject.text)}`.trimEnd(),
    '        Subject Public Key Info:',
    ...formatPublicKey(certificate),
    ...formatExtensions(certificate),
    `    Signature Algorithm: ${certificate.signatureAlgorithm}`,
    '    Signature Value:',
    ...wrapHex(certificate.signed.signature, HEX_COLUMNS.signature, ' '.repeat(8)),
  ];
  return `${lines.join('\n')}\n`;
}

function formatPublicKey(certificate: Certificate): string[] {
  const details = certificate.publicKey.asymmetricKeyDetails ?? {};
  if (certificate.publicKey.asymmetricKeyType !== 'ec') {
    const isRsa = certificate.publicKey.asymmetricKeyType === 'rsa';
    const bits = details.modulusLength ?? 256;
    return [
      `            Public Key Algorithm: ${isRsa ? 'rsaEncryption' : describeKey(certificate.publicKey)}`,
      `                Public-Key: (${bits} bit)`,
    ];
  }
  const spki = exportSpkiDer(certificate.publicKey);
  const coordinateBytes = { prime256v1: 32, secp384r1: 48, secp521r1: 66 }[details.namedCurve ?? ''];
  const point = coordinateBytes === undefined ? spki : spki.subarray(-(2 * coordinateBytes + 1));
  return [
    '            Public Key Algorithm: id-ecPublicKey',
    `                Public-Key: (${Number(/\d+/.exec(certificate.keyAlgorithm)?.[0] ?? 0)} bit)`,
    '                pub:',
    ...wrapHex(point, HEX_COLUMNS.key, ' '.repeat(20)),
    `                ASN1 OID: ${details.namedCurve ?? 'unknown'}`,
    `                NIST CURVE: ${certificate.keyAlgorithm.replace('ECDSA ', '')}`,
  ];
}

function formatExtensions(certificate: Certificate): string[] {
  if (certificate.extensions.length === 0) return [];
  const lines = certificate.extensions.flatMap((extension) => [
    `            ${EXTENSION_NAMES[extension.oid] ?? extension.oid}: ${extension.critical ? 'critical' : ''}`.trimEnd(),
    `                ${formatExtensionValue(certificate, extension)}`,
  ]);
  return ['        X509v3 extensions:', ...lines];
}

function formatExtensionValue(certificate: Certificate, extension: Extension): string {
  switch (extension.oid) {
    case OID.keyUsage:
      return (certificate.keyUsage ?? []).map((usage) => USAGE_NAMES[usage]).join(', ');
    case OID.extendedKeyUsage:
      return (certificate.extendedKeyUsage ?? []).map((oid) => PURPOSE_NAMES[oid] ?? oid).join(', ');
    case OID.basicConstraints:
      return `CA:${certificate.isCa ? 'TRUE' : 'FALSE'}${certificate.pathLength === undefined ? '' : `, pathlen:${certificate.pathLength}`}`;
    case OID.subjectAltName:
      return certificate.subjectAltNames.map(({ kind, value }) => `${NAME_KINDS[kind]}:${value}`).join(', ');
    case OID.subjectKeyIdentifier:
      return formatHex(certificate.subjectKeyId ?? extension.value);
    case OID.authorityKeyIdentifier:
      return formatHex(certificate.authorityKeyId ?? extension.value);
    default:
      return formatHex(extension.value);
  }
}

function formatHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}

/** openssl ends every line of a long value but the last with a colon. */
function wrapHex(bytes: Uint8Array, columns: number, indent: string): string[] {
  const rows = Array.from({ length: Math.ceil(bytes.length / columns) }, (_, row) =>
    formatHex(bytes.subarray(row * columns, (row + 1) * columns)).toLowerCase(),
  );
  return rows.map((row, index) => indent + row + (index < rows.length - 1 ? ':' : ''));
}

function spaceEquals(name: string): string {
  return name.replace(/(^|, )([A-Za-z0-9.]+)=/g, '$1$2 = ');
}

function formatDate(timeMs: number): string {
  const date = new Date(timeMs);
  const time = date.toISOString().slice(11, 19);
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${time} ${date.getUTCFullYear()} GMT`;
}
