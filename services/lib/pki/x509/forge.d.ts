/**
 * The ASN.1 part of node-forge alone: the whole package costs each proxy 40 ms of start and 7 MB more.
 * Its own types only know the whole.
 */
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 as Asn1Module } from 'node-forge';

  const asn1: Omit<typeof Asn1Module, 'fromDer'> & {
    fromDer(
      bytes: string,
      options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean },
    ): Asn1Module.Asn1;
  };
  export default asn1;
}
