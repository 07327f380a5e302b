/**
 * `ask-nats.ts HOST PORT`: speaks NATS as its clients do, who say nothing before the server's INFO; prints what came.
 * Source: docs.nats.io, "NATS protocol".
 */
import { connect } from 'node:net';
import process from 'node:process';

export interface NatsAnswers {
  readonly message: string;
  /** Until the server's first line. */
  readonly waitedMs: number;
}

const startedMs = performance.now();
const [host = '', port = ''] = process.argv.slice(2);
const socket = connect({ host, port: Number(port) });
let text = '';
let waitedMs = 0;
let isAnswered = false;

socket.on('data', (chunk) => {
  text += chunk.toString();
  if (waitedMs === 0 && text.startsWith('INFO ')) {
    waitedMs = performance.now() - startedMs;
    socket.write('CONNECT {"verbose":false}\r\nSUB interop 1\r\nPUB interop 5\r\nhello\r\nPING\r\n');
  }
  const message = /\r\nMSG interop 1 5\r\n(.{5})\r\n/.exec(text)?.[1];
  if (message === undefined || !text.includes('PONG\r\n')) return;
  isAnswered = true;
  process.stdout.write(JSON.stringify({ message, waitedMs } satisfies NatsAnswers));
  socket.destroy();
});
socket.on('end', () => {
  if (isAnswered) return;
  process.stderr.write('closed without an answer\n');
  process.exitCode = 1;
});
socket.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
