import type { Readable } from 'node:stream';
import { HttpRefusal } from '../errors.ts';

/** What a request may be. */
export interface BodyLimits {
  readonly maxBytes: number;
  /** From the head to the last byte. */
  readonly timeoutMs: number;
  /** All bodies together that are being read. */
  readonly maxBytesAtOnce: number;
}

const MIB = 1024 * 1024;

/** Source: facts sheet injection, first paragraph (10 MiB). */
export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxBytes: 10 * MIB,
  timeoutMs: 10_000,
  maxBytesAtOnce: 64 * MIB,
};

/** What is refused is still read so far, as a client that is cut off while it writes sees no answer. */
const DISCARDED_FACTOR = 4;

/** Reads bodies, so many of them at once as the limits allow. Rejects with an HttpRefusal. */
export type BodyReader = (stream: Readable) => Promise<Buffer>;

export function createBodyReader(limits: BodyLimits): BodyReader {
  let bytesAtOnce = 0;
  return async (stream) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    let kept = 0;
    let refusal: HttpRefusal | undefined;
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (refusal === undefined) refusal = checkSize(bytes, bytesAtOnce + chunk.length, limits);
      if (refusal === undefined) {
        kept += chunk.length;
        bytesAtOnce += chunk.length;
        chunks.push(chunk);
      } else chunks = [];
      return bytes <= limits.maxBytes * DISCARDED_FACTOR;
    };
    try {
      await drain(stream, take, limits.timeoutMs);
      if (refusal !== undefined) throw refusal;
      return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, kept);
    } finally {
      bytesAtOnce -= kept;
    }
  };
}

function checkSize(bytes: number, bytesAtOnce: number, limits: BodyLimits): HttpRefusal | undefined {
  if (bytes > limits.maxBytes) {
    return new HttpRefusal(413, 'too_large', `The body is larger than ${limits.maxBytes} bytes.`);
  }
  if (bytesAtOnce > limits.maxBytesAtOnce) {
    return new HttpRefusal(503, 'too_many', 'Too many large requests are being read; try again.');
  }
  return undefined;
}

/** Hands over every chunk, until the end or until `take` wants no more. */
function drain(stream: Readable, take: (chunk: Buffer) => boolean, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (problem?: Error) => {
      clearTimeout(timer);
      stream.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost);
      // An error that comes later must not end the program.
      stream.on('error', () => {});
      if (problem === undefined) resolve();
      else reject(problem);
    };
    const onData = (chunk: Buffer) => {
      if (!take(chunk)) finish();
    };
    const onEnd = () => finish();
    const onLost = () => finish(new HttpRefusal(400, 'garbage', 'The body ended before it was whole.'));
    const timer = setTimeout(
      () => finish(new HttpRefusal(408, 'too_slow', `The body did not come within ${timeoutMs / 1000} s.`)),
      timeoutMs,
    );
    stream.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
  });
}
