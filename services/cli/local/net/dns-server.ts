import { spawn } from 'node:child_process';
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import { MeshError } from '#lib/base';
import { parseQuery, renderRefusal, renderReply } from '../core/dns-message.ts';
import { answerQuestion, type DnsZone } from '../core/dns-zone.ts';
import { netnsPath } from './command.ts';

export interface DnsServer {
  /** What is answered from now on. */
  setZone(zone: DnsZone): void;
  close(): void;
}

/**
 * Run inside of the namespace with the address to listen on: opens the sockets, hands them to its parent, and
 * ends. Sockets stay in the namespace they were opened in. A text, so that it is there in a bundle too.
 */
const SOCKETS_SCRIPT = `
  const udp = require('node:dgram').createSocket('udp4');
  const tcp = require('node:net').createServer();
  udp.bind(53, process.argv[1], () => tcp.listen(53, process.argv[1], () =>
    process.send('udp', udp, undefined, () => process.send('tcp', tcp, undefined, () => process.exit(0)))));
`;
/** A TCP client that sends nothing is cut off. */
const TCP_IDLE_MS = 10_000;
const MAX_MESSAGE_BYTES = 65_535;

/** Serves DNS over UDP and TCP on port 53 of `address` in a network namespace. */
export async function startDnsServer(netns: string, address: string): Promise<DnsServer> {
  const { udp, tcp } = await openSockets(netns, address);
  let zone: DnsZone = { zone: '', records: new Map(), names: new Set() };
  const reply = (message: Buffer, transport: 'udp' | 'tcp') => {
    const query = parseQuery(message);
    return query === undefined
      ? renderRefusal(message)
      : renderReply(query, answerQuestion(zone, query.question), transport);
  };
  udp.on('message', (message, remote) => {
    const answer = reply(message, 'udp');
    if (answer !== undefined) udp.send(answer, remote.port, remote.address);
  });
  // Sending to a pod that has just gone fails; its next question starts anew.
  udp.on('error', () => {});
  const sockets = new Set<Socket>();
  tcp.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveTcp(socket, (message) => reply(message, 'tcp'));
  });
  return {
    setZone: (next) => {
      zone = next;
    },
    close() {
      udp.close();
      tcp.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Over TCP each message has its length before it, in two bytes (RFC 1035, section 4.2.2). */
function serveTcp(socket: Socket, reply: (message: Buffer) => Buffer | undefined): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0);
      const answer = reply(pending.subarray(2, 2 + length));
      pending = pending.subarray(2 + length);
      if (answer === undefined || answer.length > MAX_MESSAGE_BYTES) return socket.destroy();
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([prefix, answer]));
    }
    return undefined;
  });
}

function openSockets(netns: string, address: string): Promise<{ udp: DatagramSocket; tcp: Server }> {
  const command = [`--net=${netnsPath(netns)}`, '--', process.execPath, '-e', SOCKETS_SCRIPT, address];
  const child = spawn('nsenter', command, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    let udp: DatagramSocket | undefined;
    child.on('message', (name, handle) => {
      if (name === 'udp') udp = handle as DatagramSocket;
      else if (udp !== undefined) resolve({ udp, tcp: handle as Server });
    });
    const fail = () =>
      reject(
        new MeshError(
          'DNS_NOT_STARTED',
          `the DNS server cannot listen on ${address}:53: ${stderr.trim() || 'its process ended'}`,
        ),
      );
    child.on('error', fail);
    // Comes after every message, which the end of the process need not.
    child.on('disconnect', fail);
  });
}
