import {
  createOid,
  createSequence,
  createSet,
  createText,
  type Der,
  encodeDer,
  isUniversal,
  readChildren,
  readContent,
  readOid,
  readSequence,
  TAG,
} from './der.ts';
import { NAME_ATTRIBUTES, OID } from './oids.ts';

/** The subject or the issuer of a certificate. */
export interface DistinguishedName {
  /** Its attributes in the order they stand in, as `O=Acme, CN=root`; empty for an empty name. */
  readonly text: string;
  /** The first common name, if there is one. */
  readonly commonName?: string;
  /** The DER bytes: two names are the same name when these are equal. */
  readonly der: Buffer;
}

export function readDistinguishedName(node: Der | undefined): DistinguishedName {
  if (!isUniversal(node, TAG.sequence)) throw new Error('a name is not a DER sequence');
  const attributes = readChildren(node, 'a name').flatMap((set) =>
    readChildren(set, 'a part of a name').map(readAttribute),
  );
  const commonName = attributes.find((attribute) => attribute.oid === OID.commonName)?.value;
  return {
    text: attributes.map(({ oid, value }) => `${NAME_ATTRIBUTES[oid] ?? oid}=${value}`).join(', '),
    ...(commonName === undefined ? {} : { commonName }),
    der: encodeDer(node),
  };
}

function readAttribute(node: Der): { oid: string; value: string } {
  const [oid, value] = readSequence(node, 'an attribute of a name');
  return { oid: readOid(oid), value: readText(value) };
}

function readText(node: Der | undefined): string {
  // node-forge has decoded a BMPString already, into one UTF-16 code unit a character.
  if (isUniversal(node, TAG.bmp) && typeof node.value === 'string') return node.value;
  return readContent(node, 'the text of a name').toString('utf8');
}

/** A name of one common name; the empty name without one. */
export function createDistinguishedName(commonName: string | undefined): Der {
  if (commonName === undefined || commonName === '') return createSequence();
  return createSequence(
    createSet(createSequence(createOid(OID.commonName), createText(TAG.utf8, commonName))),
  );
}
