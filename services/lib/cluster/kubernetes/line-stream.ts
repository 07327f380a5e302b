import type { IncomingMessage } from 'node:http';
import { errorCode } from '#lib/base';
import { KubernetesError } from './error.ts';

/** A line is one object: etcd takes none larger than a few MiB. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface LineStreamOptions {
  readonly signals: readonly AbortSignal[];
  readonly silentMs: number | undefined;
}

/**
 * The lines of an answer as they come. Rejects where it breaks, is silent for too long or one of `signals` ends it. What
 * comes after the last line end is no line: it was cut.
 */
export async function* readLines(
  response: IncomingMessage,
  { signals, silentMs }: LineStreamOptions,
): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const silence = watchSilence(response, silentMs);
  const stop = () => response.destroy(new Error('the watch was ended'));
  if (signals.some((signal) => signal.aborted)) stop();
  for (const signal of signals) signal.addEventListener('abort', stop);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      silence.touch();
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        yield join(pending, chunk.subarray(start, end));
        pending = [];
        pendingBytes = 0;
        start = end + 1;
      }
      if (start === chunk.length) continue;
      pending.push(start === 0 ? chunk : Buffer.from(chunk.subarray(start)));
      pendingBytes += chunk.length - start;
      if (pendingBytes > MAX_LINE_BYTES) throw new Error(`a line is longer than ${MAX_LINE_BYTES} bytes`);
    }
  } catch (error) {
    throw isBroken(error) ? new Error('the connection broke', { cause: error }) : error;
  } finally {
    silence.close();
    for (const signal of signals) signal.removeEventListener('abort', stop);
    response.destroy();
  }
}

/** Node calls an answer that ends before its end `aborted`. */
function isBroken(error: unknown): boolean {
  return errorCode(error) === 'ECONNRESET';
}

function join(pending: readonly Buffer[], last: Buffer): string {
  if (pending.length === 0) return last.toString('utf8');
  return Buffer.concat([...pending, last]).toString('utf8');
}

function watchSilence(response: IncomingMessage, silentMs: number | undefined) {
  if (silentMs === undefined) return { touch: () => {}, close: () => {} };
  const cut = () => response.destroy(createSilence(silentMs));
  const timer = setTimeout(cut, silentMs);
  return { touch: () => void timer.refresh(), close: () => clearTimeout(timer) };
}

function createSilence(silentMs: number): KubernetesError {
  const sentence = `nothing came for ${Math.round(silentMs / 1000)} s`;
  return new KubernetesError('LINKERD_KUBERNETES_UNREACHABLE', sentence, { status: 0, reason: 'Timeout' });
}
