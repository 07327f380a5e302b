import { type DescMessage, type DescMethod, fromBinary, type MessageShape, toBinary } from '#lib/api';

/** The path that names a method on the wire. */
export function formatMethodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

export function createSerializer<D extends DescMessage>(schema: D): (message: MessageShape<D>) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

export function createDeserializer<D extends DescMessage>(schema: D): (bytes: Buffer) => MessageShape<D> {
  // Given a Buffer, the decoder would make Buffers of bytes fields, where messages promise a Uint8Array.
  return (bytes) => fromBinary(schema, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
