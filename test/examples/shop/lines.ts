import type { Socket } from 'node:net';

const LINE_MAX_CHARS = 4096;

/** Calls `take` with each line the socket brings, without its line end; an endless line ends the connection. */
export function readLines(socket: Socket, take: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (rest.length > LINE_MAX_CHARS)
      socket.destroy(new Error(`a line of more than ${LINE_MAX_CHARS} characters`));
  });
}
