import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODE = { close: 8, ping: 9, pong: 10 } as const;
const MASK_BYTES = 4;

interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly bytes: number;
}

/** A WebSocket server that sends every message back. */
export function listenWebSocket(port: number): void {
  createServer((_request, response) => response.end('a WebSocket server\n'))
    .on('upgrade', (request, socket: Socket, head: Buffer) => {
      const key = request.headers['sec-websocket-key'] ?? '';
      const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      echoFrames(socket, head);
    })
    .listen(port);
}

function echoFrames(socket: Socket, head: Buffer): void {
  let held = head;
  const take = () => {
    for (let frame = readFrame(held); frame !== undefined; frame = readFrame(held)) {
      held = held.subarray(frame.bytes);
      const opcode = frame.opcode === OPCODE.ping ? OPCODE.pong : frame.opcode;
      socket.write(encodeFrame({ ...frame, opcode }));
      if (frame.opcode === OPCODE.close) socket.end();
    }
  };
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    take();
  });
  take();
}

/** A client's frame (RFC 6455 section 5.2), or undefined while it is not whole. */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const maskAt = 2 + lengthBytes;
  if (bytes.length < maskAt + MASK_BYTES) return undefined;
  const length =
    lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : lengthBytes === 2 ? bytes.readUInt16BE(2) : short;
  const start = maskAt + MASK_BYTES;
  if (bytes.length < start + length) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let at = 0; at < length; at++)
    payload[at] = (payload[at] ?? 0) ^ (bytes[maskAt + (at % MASK_BYTES)] ?? 0);
  const first = bytes[0] ?? 0;
  return { fin: first >= 0x80, opcode: first & 0xf, payload, bytes: start + length };
}

function encodeFrame({ fin, opcode, payload }: Pick<Frame, 'fin' | 'opcode' | 'payload'>): Buffer {
  const head = Buffer.alloc(10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  if (payload.length < 126) {
    head[1] = payload.length;
    return Buffer.concat([head.subarray(0, 2), payload]);
  }
  const isLong = payload.length > 0xffff;
  head[1] = isLong ? 127 : 126;
  if (isLong) head.writeBigUInt64BE(BigInt(payload.length), 2);
  else head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head.subarray(0, isLong ? 10 : 4), payload]);
}
