import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MethodDefinition } from '@grpc/grpc-js';

/** The messages and methods of cart.proto. */
export interface AddRequest {
  readonly user: string;
  readonly product: string;
  readonly count: number;
}

export interface GetRequest {
  readonly user: string;
}

export interface CartReply {
  readonly user: string;
  readonly items: number;
  readonly clientId: string;
  readonly marker: string;
}

type FieldType = 'string' | 'uint32';

/** Field names in the order of their numbers, from 1 on. */
type Fields<T> = readonly (readonly [keyof T & string, FieldType])[];

interface Codec<T> {
  encode(message: T): Buffer;
  decode(bytes: Uint8Array): T;
}

function createCodec<T extends object>(fields: Fields<T>): Codec<T> {
  const defaults = Object.fromEntries(fields.map(([name, type]) => [name, type === 'string' ? '' : 0]));
  return {
    encode: (message) => {
      const writer = new BinaryWriter();
      fields.forEach(([name, type], index) => {
        const value = message[name];
        if (type === 'string') writer.tag(index + 1, 2).string(String(value));
        else writer.tag(index + 1, 0).uint32(Number(value));
      });
      return Buffer.from(writer.finish());
    },
    decode: (bytes) => {
      const message: Record<string, string | number> = { ...defaults };
      const reader = new BinaryReader(bytes);
      while (reader.pos < reader.len) {
        const [number, wireType] = reader.tag();
        const field = fields[number - 1];
        if (field === undefined) reader.skip(wireType);
        else message[field[0]] = field[1] === 'string' ? reader.string() : reader.uint32();
      }
      return message as T;
    },
  };
}

export const addRequestCodec = createCodec<AddRequest>([
  ['user', 'string'],
  ['product', 'string'],
  ['count', 'uint32'],
]);
const getRequestCodec = createCodec<GetRequest>([['user', 'string']]);
const cartReplyCodec = createCodec<CartReply>([
  ['user', 'string'],
  ['items', 'uint32'],
  ['clientId', 'string'],
  ['marker', 'string'],
]);

function defineUnary<Req, Res>(
  path: string,
  request: Codec<Req>,
  reply: Codec<Res>,
): MethodDefinition<Req, Res> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: reply.encode,
    responseDeserialize: reply.decode,
  };
}

export const cartService = {
  add: defineUnary('/shop.Cart/Add', addRequestCodec, cartReplyCodec),
  get: defineUnary('/shop.Cart/Get', getRequestCodec, cartReplyCodec),
};
