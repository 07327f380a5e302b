import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import koffi from 'koffi';

/** What the kernel has of a TCP connection of another process; keep-alive is 0 where it is off. */
export interface ProcessSocket {
  readonly localPort: number;
  readonly remotePort: number;
  readonly keepAliveSeconds: number;
  readonly userTimeoutMs: number;
}

const SYS = { pidfdOpen: 434, pidfdGetfd: 438 };
const SOL_SOCKET = 1;
const SOL_TCP = 6;
const SO_KEEPALIVE = 9;
const TCP_KEEPIDLE = 4;
const TCP_USER_TIMEOUT = 18;
const ESTABLISHED = '01';

const libc = koffi.load('libc.so.6');
const syscall = libc.func('long syscall(long, int, int, int)') as (
  ...args: [number: number, a: number, b: number, c: number]
) => number;
const close = libc.func('int close(int)') as (fd: number) => number;
const getsockopt = libc.func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)') as (
  ...args: [fd: number, level: number, name: number, value: Buffer, length: [number]]
) => number;

/** The established TCP connections of a process, in whichever network namespace it is. */
export function listSockets(pid: number): readonly ProcessSocket[] {
  const connections = readConnections(pid);
  const pidfd = syscall(SYS.pidfdOpen, pid, 0, 0);
  if (pidfd < 0) throw new Error(`there is no process ${pid}`);
  const found = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const connection = connections.get(readInode(`/proc/${pid}/fd/${fd}`));
    return connection === undefined ? [] : [{ ...connection, ...readOptions(pidfd, Number(fd)) }];
  });
  close(pidfd);
  return found;
}

function readInode(path: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1] ?? '';
  } catch {
    // It was closed meanwhile.
    return '';
  }
}

/** By inode. */
function readConnections(pid: number): Map<string, Pick<ProcessSocket, 'localPort' | 'remotePort'>> {
  const lines = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1),
  );
  const portOf = (address = '') => Number.parseInt(address.split(':')[1] ?? '', 16);
  return new Map(
    lines
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === ESTABLISHED)
      .map(([, local, remote, , , , , , , inode = '']) => [
        inode,
        { localPort: portOf(local), remotePort: portOf(remote) },
      ]),
  );
}

function readOptions(
  pidfd: number,
  theirFd: number,
): Pick<ProcessSocket, 'keepAliveSeconds' | 'userTimeoutMs'> {
  const fd = syscall(SYS.pidfdGetfd, pidfd, theirFd, 0);
  const read = (level: number, name: number) => {
    const value = Buffer.alloc(4);
    if (getsockopt(fd, level, name, value, [4]) !== 0) throw new Error(`no socket option ${level} ${name}`);
    return value.readUInt32LE();
  };
  const options = {
    keepAliveSeconds: read(SOL_SOCKET, SO_KEEPALIVE) === 0 ? 0 : read(SOL_TCP, TCP_KEEPIDLE),
    userTimeoutMs: read(SOL_TCP, TCP_USER_TIMEOUT),
  };
  close(fd);
  return options;
}
