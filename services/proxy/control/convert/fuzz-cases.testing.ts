/**
 * Generated messages of the control plane: every field of the protocol, with plausible, odd and impossible values.
 * Cases come from a seeded source and nothing else, so that their seed is their name: the unit suite runs a fixed
 * number, `make fuzz` runs them without end.
 */
import { type DescMessage, destination, fromBinary, inbound, outbound } from '#lib/api';
import type { Random } from '#lib/base';
import { convertClientPolicy } from './client-policy.ts';
import { convertEndpointsUpdate } from './endpoints-update.ts';
import { InvalidPolicyError } from './invalid-policy.ts';
import { convertProfile } from './profile.ts';
import { convertServerPolicy } from './server-policy.ts';

const EMPTY = Buffer.alloc(0);

type Field = DescMessage['fields'][number];

/** Below this many messages there are only scalars. */
const MAX_DEPTH = 12;
const TEXTS = [
  '',
  'a',
  'web.shop.svc.cluster.local:80',
  '10.0.0.1',
  'X-A',
  '(a|b)+',
  '[',
  '__proto__',
  'é\0\n',
  'local',
];
const NUMBERS = [0, 1, 2, 16, 80, 200, 503, 4143, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1];
/** What most fields may have. */
const PLAUSIBLE_TEXTS = ['a', 'web.shop.svc.cluster.local', 'X-A', '(a|b)+'];
const PLAUSIBLE_NUMBERS = [1, 8, 24];
const KEYS = ['name', 'group', 'kind', 'zone_locality', '__proto__', ''];
const PLAUSIBLE_KEYS = ['name', 'kind'];
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
/** Scalar types of protobuf by their numbers (descriptor.proto), as far as they are not varints. */
const SCALAR = {
  double: 1,
  float: 2,
  fixed64: 6,
  fixed32: 7,
  string: 9,
  bytes: 12,
  sfixed32: 15,
  sfixed64: 16,
};

function pick(random: Random, count: number): number {
  return Math.floor(random() * count);
}

function pickOf<T>(random: Random, values: readonly T[]): T {
  return values[pick(random, values.length)]!;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return Buffer.from([...bytes, rest]);
}

function tagged(number: number, wireType: number, body: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + wireType), body]);
}

function delimited(number: number, body: Buffer): Buffer {
  return tagged(number, WIRE.bytes, Buffer.concat([varint(body.length), body]));
}

/** What messages are made of. */
class MessageGenerator {
  readonly #random: Random;
  /** Nothing is left out, and nothing is odd, which most bytes at random would be. */
  readonly #isPlausible: boolean;
  #depth = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#isPlausible = pick(random, 2) === 0;
  }

  message(desc: DescMessage): Buffer {
    if (this.#depth === MAX_DEPTH) return EMPTY;
    this.#depth++;
    const parts = desc.members.map((member) => {
      const isSeldomLeftOut = member.kind === 'oneof' || member.fieldKind === 'message';
      if (!this.#isPlausible && pick(this.#random, isSeldomLeftOut ? 12 : 3) === 0) return EMPTY;
      return this.#field(member.kind === 'oneof' ? pickOf(this.#random, member.fields) : member);
    });
    this.#depth--;
    return Buffer.concat(parts);
  }

  #field(field: Field): Buffer {
    switch (field.fieldKind) {
      case 'message':
        return delimited(field.number, this.message(field.message));
      case 'enum':
        return this.#enum(field);
      case 'scalar':
        return this.#scalar(field.number, field.scalar);
      case 'list':
        return Buffer.concat(this.#times(() => this.#item(field)));
      case 'map':
        return this.#isPlausible
          ? Buffer.concat(PLAUSIBLE_KEYS.map((key) => this.#entry(field, key)))
          : Buffer.concat(this.#times(() => this.#entry(field, pickOf(this.#random, KEYS))));
    }
  }

  #times(generate: () => Buffer): Buffer[] {
    return Array.from({ length: this.#isPlausible ? 1 : pick(this.#random, 3) }, generate);
  }

  #item(field: Field & { fieldKind: 'list' }): Buffer {
    if (field.listKind === 'message') return delimited(field.number, this.message(field.message));
    return field.listKind === 'enum' ? this.#enum(field) : this.#scalar(field.number, field.scalar);
  }

  /** Maps of the protocol are of texts. */
  #entry(field: Field, key: string): Buffer {
    return delimited(
      field.number,
      Buffer.concat([delimited(1, Buffer.from(key)), this.#scalar(2, SCALAR.string)]),
    );
  }

  #enum({ number }: Field): Buffer {
    return tagged(number, WIRE.varint, varint(pick(this.#random, this.#isPlausible ? 3 : 12)));
  }

  #scalar(number: number, type: number): Buffer {
    switch (type) {
      case SCALAR.string:
      case SCALAR.bytes:
        return delimited(
          number,
          Buffer.from(pickOf(this.#random, this.#isPlausible ? PLAUSIBLE_TEXTS : TEXTS)),
        );
      case SCALAR.double:
      case SCALAR.fixed64:
      case SCALAR.sfixed64:
        return tagged(number, WIRE.fixed64, randomBytes(this.#random, 8));
      case SCALAR.float:
      case SCALAR.fixed32:
      case SCALAR.sfixed32:
        return tagged(number, WIRE.fixed32, randomBytes(this.#random, 4));
      default:
        return tagged(
          number,
          WIRE.varint,
          varint(pickOf(this.#random, this.#isPlausible ? PLAUSIBLE_NUMBERS : NUMBERS)),
        );
    }
  }
}

/** A message of that kind on the wire: half of them whole and plausible, half with anything in any field. */
export function generateMessage(desc: DescMessage, random: Random): Buffer {
  return new MessageGenerator(random).message(desc);
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => pick(random, 256)));
}

/** A kind of message that the proxy is sent. */
export interface MessageKind {
  readonly name: string;
  readonly desc: DescMessage;
  /** Decodes bytes; throws where they are none of this kind, which the gRPC client answers by giving the call up. */
  read(bytes: Buffer): unknown;
  /** What the proxy does with a message that was decoded. */
  convert(message: unknown): unknown;
}

function kindOf<Desc extends DescMessage>(
  desc: Desc,
  convert: (message: ReturnType<typeof fromBinary<Desc>>) => unknown,
): MessageKind {
  return {
    name: desc.name,
    desc,
    read: (bytes) => fromBinary(desc, bytes),
    convert: (message) => convert(message as ReturnType<typeof fromBinary<Desc>>),
  };
}

export const MESSAGE_KINDS: readonly MessageKind[] = [
  kindOf(outbound.OutboundPolicySchema, convertClientPolicy),
  kindOf(inbound.ServerSchema, convertServerPolicy),
  kindOf(destination.UpdateSchema, (update) =>
    [true, false].map((isFirst) => convertEndpointsUpdate(update, isFirst)),
  ),
  kindOf(destination.DestinationProfileSchema, convertProfile),
];

export type MessageOutcome = 'converted' | 'invalid' | 'unreadable';

/**
 * Throws where a conversion breaks its word about any bytes: it gives a value, or says by InvalidPolicyError that the
 * policy cannot be used. Of endpoints and profiles nothing is ever invalid: there, what cannot be read is passed over.
 */
export function checkMessage(kind: MessageKind, bytes: Buffer): MessageOutcome {
  let message: unknown;
  try {
    message = kind.read(bytes);
  } catch {
    return 'unreadable';
  }
  try {
    kind.convert(message);
    return 'converted';
  } catch (error) {
    const isPolicy = kind.desc === outbound.OutboundPolicySchema || kind.desc === inbound.ServerSchema;
    if (isPolicy && error instanceof InvalidPolicyError) return 'invalid';
    throw error;
  }
}
