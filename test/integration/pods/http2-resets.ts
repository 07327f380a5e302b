/**
 * An HTTP/2 server (prior knowledge, on H2_PORT) that answers every request with half a body and a reset, of one error
 * code after the other: node:http2 ends a body before it resets. HTTP/1 on PORT answers probes.
 */
import { createServer as createHttp } from 'node:http';
import { createServer, type Socket } from 'node:net';
import process from 'node:process';
import { END_HEADERS, encodeFrame, encodeSettings, encodeUint32, TYPE } from '../mesh/h2-frames.ts';

/** INTERNAL_ERROR, CANCEL, ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED. */
const CODES = [2, 8, 11, 13];
const PREFACE_BYTES = 24;
const HEADER_BYTES = 9;
const ACK = 1;
/** `:status: 200` of the static table. */
const OK = Buffer.from([0x88]);

function answer(socket: Socket, type: number, streamId: number): void {
  if (type === TYPE.settings) socket.write(encodeFrame(TYPE.settings, 0, '', ACK));
  if (type !== TYPE.headers) return;
  const code = CODES[((streamId - 1) / 2) % CODES.length] ?? 0;
  socket.write(encodeFrame(TYPE.headers, streamId, OK, END_HEADERS));
  socket.write(encodeFrame(TYPE.data, streamId, 'half'));
  setTimeout(() => socket.write(encodeFrame(TYPE.rstStream, streamId, encodeUint32(code))), 100);
}

createHttp((_request, response) => response.end('ok')).listen(Number(process.env['PORT']));

createServer((socket) => {
  let held = Buffer.alloc(0);
  let skip = PREFACE_BYTES;
  socket.on('error', () => {});
  socket.write(encodeSettings());
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const length = held.length < HEADER_BYTES + skip ? Infinity : held.readUIntBE(skip, 3);
      const end = skip + HEADER_BYTES + length;
      if (held.length < end) return;
      const [type = 0, flags = 0] = [held[skip + 3], held[skip + 4]];
      if (type !== TYPE.settings || (flags & ACK) === 0) answer(socket, type, held.readUInt32BE(skip + 5));
      held = held.subarray(end);
      skip = 0;
    }
  });
}).listen(Number(process.env['H2_PORT']));

process.on('SIGTERM', () => process.exit(0));
