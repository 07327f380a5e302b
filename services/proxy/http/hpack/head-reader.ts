import type { Field } from '../field.ts';
import type { RequestHead, ResponseHead } from '../head.ts';
import { BlockMemory } from './block-memory.ts';
import { DECODED, type Decoded, HpackDecoder, type HpackDecoderOptions } from './decoder.ts';
import { internField } from './decoder-table.ts';
import { takeRegularFields } from './head-fields.ts';
import { type BuildOptions, buildRequest } from './request-builder.ts';
import { buildResponse } from './response-builder.ts';

type Head = RequestHead | ResponseHead;
type BuildHead<H extends Head> = (
  list: readonly Field[],
  count: number,
  options: BuildOptions,
) => H | undefined;

/** A whole header block: `bytes` from `start` up to `end`. */
export interface HeaderBlock {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Turns header blocks into heads and trailers; equal blocks give the same object while the table stays. */
export class HeadReader<H extends Head> {
  /** Why the last read gave nothing. */
  outcome: Decoded = DECODED.ok;
  readonly #decoder: HpackDecoder;
  readonly #build: BuildHead<H>;
  readonly #heads = new BlockMemory<H>();
  #trailers: BlockMemory<readonly Field[]> | undefined;

  constructor(build: BuildHead<H>, options: HpackDecoderOptions = {}) {
    this.#build = build;
    this.#decoder = new HpackDecoder(options);
  }

  /** The head of a message, or undefined: see `outcome`. `endStream`: it has no body. */
  readHead(block: HeaderBlock, endStream: boolean): H | undefined {
    const generation = this.#decoder.generation;
    const known = this.#heads.find(block.bytes, block, { generation, variant: endStream ? 1 : 0 });
    if (known !== undefined) return known;
    if (!this.#decode(block)) return undefined;
    const repeated = this.#heads.cameBefore && this.#decoder.generation === generation;
    if (repeated) this.#internFields();
    const head = this.#build(this.#decoder.fields, this.#decoder.count, { end: endStream, repeated });
    if (head === undefined) this.outcome = DECODED.malformed;
    else if (repeated) this.#heads.keep(block.bytes, block, { generation, meaning: head });
    return head;
  }

  /** The fields of a trailer section, or undefined: see `outcome`. */
  readTrailers(block: HeaderBlock): readonly Field[] | undefined {
    this.#trailers ??= new BlockMemory();
    const generation = this.#decoder.generation;
    const known = this.#trailers.find(block.bytes, block, { generation, variant: 0 });
    if (known !== undefined) return known;
    if (!this.#decode(block)) return undefined;
    const repeated = this.#trailers.cameBefore && this.#decoder.generation === generation;
    if (repeated) this.#internFields();
    const fields = takeRegularFields(this.#decoder.fields, 0, this.#decoder.count)?.fields;
    if (fields === undefined) this.outcome = DECODED.malformed;
    else if (repeated) this.#trailers.keep(block.bytes, block, { generation, meaning: fields });
    return fields;
  }

  /** Decodes a block that nobody wants, for the table's sake; false where it breaks the connection. */
  skip(block: HeaderBlock): boolean {
    this.#decode(block);
    return this.outcome !== DECODED.broken;
  }

  #decode({ bytes, start, end }: HeaderBlock): boolean {
    this.outcome = this.#decoder.decode(bytes, start, end);
    return this.outcome === DECODED.ok;
  }

  /** Makes literals that come again the objects that other connections and the encoders know. */
  #internFields(): void {
    const { fields, count } = this.#decoder;
    for (let i = 0; i < count; i++) fields[i] = internField(fields[i]!);
  }
}

export function createRequestReader(options?: HpackDecoderOptions): HeadReader<RequestHead> {
  return new HeadReader(buildRequest, options);
}

export function createResponseReader(options?: HpackDecoderOptions): HeadReader<ResponseHead> {
  return new HeadReader(buildResponse, options);
}
