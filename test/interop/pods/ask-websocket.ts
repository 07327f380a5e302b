/** `ask-websocket.ts URL`: sends messages of several kinds and sizes, and prints what came back. */
import process from 'node:process';

export interface WebSocketAnswers {
  /** Texts, and of bytes how many. */
  readonly messages: readonly (string | number)[];
  readonly code: number;
}

const SENT = ['hello', 'é'.repeat(200), Buffer.alloc(100_000, 7), Buffer.alloc(0)];

const messages: (string | number)[] = [];
const socket = new WebSocket(process.argv[2] ?? '');
socket.binaryType = 'arraybuffer';
socket.addEventListener('open', () => {
  for (const message of SENT) socket.send(message);
});
socket.addEventListener('message', ({ data }: MessageEvent) => {
  messages.push(typeof data === 'string' ? data : data.byteLength);
  if (messages.length === SENT.length) socket.close(1000);
});
socket.addEventListener('error', () => {
  process.stderr.write('the WebSocket failed\n');
  process.exitCode = 1;
});
socket.addEventListener('close', ({ code }) => {
  process.stdout.write(JSON.stringify({ messages, code } satisfies WebSocketAnswers));
});
