import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { RawTarget } from './raw-connection.ts';

/** A well-behaved HTTP/2 client (node:http2, by prior knowledge) on a connection of its own. */
export function openSession({ host, port, via }: RawTarget): ClientHttp2Session {
  const socket = connectTcp(via ?? { host, port });
  if (via !== undefined) socket.write(`${host} ${port}\n`);
  const session = connect('http://web', { createConnection: () => socket });
  session.on('error', () => {});
  return session;
}

/** The status and the body that `GET path` is answered with; throws when the stream ends otherwise. */
export function getBody(
  session: ClientHttp2Session,
  path: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path }, { endStream: true });
    let status = 0;
    let body = '';
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    stream.on('error', reject);
    stream.on('end', () => resolve({ status, body }));
    stream.on('close', () => reject(new Error(`${path}: closed with ${stream.rstCode}`)));
  });
}
