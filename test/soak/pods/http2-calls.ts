import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { count } from './tally.ts';

/** A session is replaced by a new one after that long. */
const SESSION_MS = 30_000;
const ABORT_PATH = '/bytes?3000000';
const CANCEL = 8;

export interface Http2Calls {
  get(): Promise<void>;
  abort(): Promise<void>;
}

export function createHttp2Calls(host: string, port: number): Http2Calls {
  let session: ClientHttp2Session | undefined;
  const start = () => {
    const started = connect(`http://${host}:${port}`);
    started.on('error', () => {});
    setTimeout(() => {
      started.close();
      if (session === started) session = undefined;
    }, SESSION_MS);
    return started;
  };
  const ask = (path: string): ClientHttp2Stream => {
    if (session === undefined || session.closed || session.destroyed) session = start();
    return session.request({ ':path': path }, { endStream: true });
  };
  return {
    get: () => count('http2', (signal) => finish(ask('/'), signal)),
    abort: () => count('http2 abort', (signal) => leave(ask(ABORT_PATH), signal)),
  };
}

function finish(stream: ClientHttp2Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let problem: string | undefined = 'no answer';
    let isWhole = false;
    signal.addEventListener('abort', () => stream.close(CANCEL), { once: true });
    stream.on('response', (headers) => {
      const status = headers[':status'];
      problem = status === 200 ? undefined : `${status} ${String(headers['l5d-proxy-error'] ?? '')}`;
    });
    stream.on('error', reject);
    stream.on('end', () => {
      isWhole = true;
    });
    stream.on('close', () => {
      if (problem === undefined && isWhole && stream.rstCode === 0) resolve();
      else reject(new Error(problem ?? `cut short with ${stream.rstCode}`));
    });
    stream.resume();
  });
}

/** Resets the stream at the first bytes. */
function leave(stream: ClientHttp2Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => stream.close(CANCEL), { once: true });
    stream.on('error', reject);
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) reject(new Error(String(headers[':status'])));
    });
    stream.once('data', () => stream.close(CANCEL));
    stream.on('close', () =>
      stream.rstCode === CANCEL ? resolve() : reject(new Error(`${stream.rstCode}`)),
    );
  });
}
