import { Agent, type IncomingMessage, request } from 'node:http';
import { count, noteAnswerOf } from './tally.ts';

const BIG_BYTES = 2_000_000;
const SLOW_BYTES = 3_000_000;
/** A slow reader takes this much, and pauses. */
const SLOW_STEP_BYTES = 250_000;
const SLOW_PAUSE_MS = 250;
const ABORT_BEHIND_BYTES = 100_000;

export interface Http1Calls {
  kept(): Promise<void>;
  fresh(): Promise<void>;
  big(): Promise<void>;
  slow(): Promise<void>;
  abort(): Promise<void>;
}

interface Asked {
  readonly path?: string;
  readonly body?: Buffer;
  readonly agent?: Agent | false;
}

export function createHttp1Calls(host: string, port: number): Http1Calls {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const body = Buffer.alloc(BIG_BYTES, 'b');
  const ask = (asked: Asked, signal: AbortSignal) => send({ host, port, agent, ...asked }, signal);
  return {
    kept: () => count('http1 kept', async (signal) => readName(await ask({}, signal))),
    fresh: () => count('http1 new', async (signal) => readName(await ask({ agent: false }, signal))),
    big: () => count('http1 big', async (signal) => readBig(await ask({ body }, signal))),
    slow: () =>
      count('http1 slow', async (signal) =>
        readSlowly(await ask({ path: `/bytes?${SLOW_BYTES}`, agent: false }, signal)),
      ),
    abort: () =>
      count('http1 abort', async (signal) =>
        readSome(await ask({ path: `/bytes?${SLOW_BYTES}`, agent: false }, signal)),
      ),
  };
}

function send(
  { host, port, path = '/', body, agent = false }: Asked & { host: string; port: number },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const method = body === undefined ? 'GET' : 'POST';
  const headers = body === undefined ? {} : { 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method, agent, headers });
    signal.addEventListener('abort', () => sent.destroy(), { once: true });
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The whole answer is the name of the pod that gave it. */
async function readName(response: IncomingMessage): Promise<void> {
  let name = '';
  for await (const chunk of response as AsyncIterable<Buffer>) name += chunk.toString();
  expectOk(response);
  noteAnswerOf(name);
}

async function readBig(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
  expectOk(response);
  if (bytes !== BIG_BYTES) throw new Error(`${bytes} bytes came back`);
}

async function readSlowly(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  let due = SLOW_STEP_BYTES;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes < due) continue;
    due += SLOW_STEP_BYTES;
    await new Promise((resolve) => setTimeout(resolve, SLOW_PAUSE_MS));
  }
  expectOk(response);
  if (bytes !== SLOW_BYTES) throw new Error(`${bytes} of ${SLOW_BYTES} bytes`);
}

/** Leaves in the middle. */
async function readSome(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes >= ABORT_BEHIND_BYTES) break;
  }
  expectOk(response);
  response.destroy();
}

function expectOk({ statusCode, headers }: IncomingMessage): void {
  if (statusCode !== 200) throw new Error(`${statusCode} ${String(headers['l5d-proxy-error'] ?? '')}`);
}
