/**
 * Listens on the port given and answers every connection with the address it was made for (SO_ORIGINAL_DST)
 * and the port it was accepted on, as `ADDRESS:PORT via PORT`.
 */
import { createServer, type Socket } from 'node:net';
import koffi from 'koffi';

const SOL_IP = 0;
const SO_ORIGINAL_DST = 80;
const libc = koffi.load('libc.so.6');
const getsockopt = libc.func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)');

function readOriginalDst(socket: Socket): string {
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const address = Buffer.alloc(16);
  if (getsockopt(fd, SOL_IP, SO_ORIGINAL_DST, address, [16]) !== 0) return 'none';
  return `${address.subarray(4, 8).join('.')}:${address.readUInt16BE(2)}`;
}

const port = Number(process.argv[2]);
const server = createServer((socket) => socket.end(`${readOriginalDst(socket)} via ${port}\n`));
server.listen(port, '0.0.0.0', () => process.stdout.write('listening\n'));
