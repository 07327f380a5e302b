/**
 * Lends a test the network of its pod: a connection to PORT begins with a line `HOST PORT`, and then is one to there,
 * byte for byte, half-closes and aborts included.
 */
import { connect, createServer, type Socket } from 'node:net';
import process from 'node:process';

const MAX_LINE_BYTES = 256;

function readTarget(socket: Socket, use: (host: string, port: number, rest: Buffer) => void): void {
  let held = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    const end = held.indexOf('\n');
    if (end < 0) {
      if (held.length > MAX_LINE_BYTES) socket.destroy();
      return;
    }
    socket.pause().off('data', onData);
    const [host = '', port = ''] = held.toString('latin1', 0, end).split(' ');
    use(host, Number(port), held.subarray(end + 1));
  };
  socket.on('data', onData);
}

/** What ends `from` ends `to` in the same way. */
function passAborts(from: Socket, to: Socket): void {
  from.on('error', () => to.resetAndDestroy());
  from.on('close', () => {
    if (!from.readableEnded) to.resetAndDestroy();
  });
}

const server = createServer({ allowHalfOpen: true }, (near) => {
  near.on('error', () => {});
  readTarget(near, (host, port, rest) => {
    const far = connect({ host, port, allowHalfOpen: true, noDelay: true });
    passAborts(near, far);
    passAborts(far, near);
    if (rest.length > 0) far.write(rest);
    near.pipe(far);
    far.pipe(near);
  });
});
server.listen(Number(process.env['PORT']));
process.on('SIGTERM', () => process.exit(0));
