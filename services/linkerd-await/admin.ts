import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs, describeError, type Millis, systemClock } from '#lib/base';

/** A proxy that takes the connection and says nothing is asked again after this. */
const ANSWER_TIMEOUT_MS = 5_000;
const FIRST_WAIT_MS = 100;
/** A status line is shorter; who sends more without one speaks no HTTP. */
const STATUS_LINE_MAX_CHARS = 256;

interface WaitOptions {
  readonly port: number;
  /** The longest wait between two checks; the first ones are shorter. */
  readonly backoffMs: Millis;
  readonly timeoutMs: Millis | undefined;
}

/** Asks the proxy until it is ready. Resolves with undefined, or with its last answer when the time is over. */
export async function waitUntilReady(options: WaitOptions): Promise<string | undefined> {
  const { port, backoffMs, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const endsAtMs = systemClock.monotonic() + timeoutMs;
  const leftMs = (): Millis => Math.max(0, endsAtMs - systemClock.monotonic());
  const waits = { minMs: Math.min(FIRST_WAIT_MS, backoffMs), maxMs: backoffMs, jitter: 0 };
  for (let attempt = 0; ; attempt += 1) {
    const answer = await askReady(port, Math.min(ANSWER_TIMEOUT_MS, leftMs()));
    if (answer === undefined) return undefined;
    const waitMs = backoffDelayMs(waits, attempt, () => 0);
    const isLast = waitMs >= leftMs();
    await sleep(isLast ? leftMs() : waitMs);
    if (isLast) return answer;
  }
}

/** Undefined where the proxy is ready, else what it answered. */
async function askReady(port: number, timeoutMs: Millis): Promise<string | undefined> {
  try {
    const status = await send({ port, request: 'GET /ready', timeoutMs });
    return status >= 200 && status < 300 ? undefined : `status ${status}`;
  } catch (error) {
    return describeError(error);
  }
}

/** Asks the proxy to shut down. Nobody needs the answer: one that is gone already is as good. */
export async function requestShutdown(port: number): Promise<void> {
  await send({ port, request: 'POST /shutdown', timeoutMs: ANSWER_TIMEOUT_MS }).catch(() => {});
}

interface AdminRequest {
  readonly port: number;
  /** Method and path. */
  readonly request: string;
  readonly timeoutMs: Millis;
}

/**
 * Sends a request without a body and resolves with the status of the answer. Over a bare socket: node:http would double
 * the time that this program takes to start, and it starts with every pod.
 */
function send({ port, request, timeoutMs }: AdminRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port });
    const timer = setTimeout(() => fail(new Error('no answer')), timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const status = /^HTTP\/1\.[01] (\d{3})\b[^\n]*\n/.exec(text)?.[1];
      if (status === undefined && text.length < STATUS_LINE_MAX_CHARS) return;
      if (status === undefined) return fail(new Error('no HTTP'));
      clearTimeout(timer);
      socket.destroy();
      resolve(Number(status));
    });
    socket.once('error', fail);
    socket.once('end', () => fail(new Error('hung up')));
    socket.write(
      `${request} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  });
}
