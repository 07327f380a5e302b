import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: string;
  readonly agent: NonNullable<RequestOptions['agent']>;
  readonly signal: AbortSignal;
}

/** An answer whole: heads and bodies beyond `maxBytes` are refused. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A list of 500 large objects is a few MiB; an answer beyond this is none of an API server. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
const KEEPALIVE_MS = 15_000;

/** Sends a request and resolves with the answer's head; its body is to be read. */
export function openCall(call: HttpCall): Promise<IncomingMessage> {
  const open = call.url.protocol === 'http:' ? httpRequest : httpsRequest;
  const { url, method, headers, agent, signal } = call;
  return new Promise((resolve, reject) => {
    const request: ClientRequest = open(url, { method, headers, agent, signal });
    // A peer that vanished without a word is found out by the kernel, also on a connection that only listens.
    request.once('socket', (socket) => socket.setKeepAlive(true, KEEPALIVE_MS));
    request.once('response', resolve);
    request.on('error', reject);
    request.end(call.body);
  });
}

/** Reads an answer to its end. Rejects where the connection breaks before. */
export async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}
