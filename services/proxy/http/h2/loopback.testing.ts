import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Wire, type WireReceiver } from '../../transport/wire.ts';
import type {
  RequestHandler,
  RequestSink,
  ResponseSink,
  ServerResponse,
  StreamFailure,
} from '../exchange.ts';
import { Field } from '../field.ts';
import { RequestHead, type RequestHeadInit, ResponseHead, VERSION } from '../head.ts';
import { H2ClientConnection, type H2ClientOptions } from './client-connection.ts';
import { CLIENT_PREFACE, FRAME, FRAME_HEADER_BYTES } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { H2ServerConnection, type H2ServerOptions } from './server-connection.ts';

/** Real sockets and small scripted peers for the tests of this room. */
const nobody: WireReceiver = { onBytes: () => {}, onEnd: () => {}, onClosed: () => {}, onDrained: () => {} };

function wireOf(socket: Socket): Wire {
  const wire = new Wire(socket, nobody);
  socket.on('data', (chunk) => wire.receiver.onBytes(chunk));
  return wire;
}

/** What connections use of a wire, without a socket: whoever holds it takes the bytes. */
export class MemoryWire {
  out: Buffer;
  used = 0;
  receiver: WireReceiver = nobody;
  closed = false;
  backlog = 0;

  constructor(out: Buffer = Buffer.alloc(262_144)) {
    this.out = out;
  }

  asWire(): Wire {
    return this as unknown as Wire;
  }

  /** Makes room; where there is none, what was written before is lost. */
  reserve(bytes: number): number {
    if (this.used + bytes > this.out.length) this.used = 0;
    return this.used;
  }

  writeBytes(bytes: Buffer): void {
    this.out.set(bytes, this.reserve(bytes.length));
    this.used += bytes.length;
  }

  /** What was written since the last time; valid until the next write. */
  take(): Buffer {
    const taken = this.out.subarray(0, this.used);
    this.used = 0;
    return taken;
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.closed = true;
  }

  endAndClose(): void {
    this.closed = true;
  }

  destroy(): void {
    this.closed = true;
  }
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listen(server: Server, sockets: Set<Socket>): Promise<Listening> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** A server whose connections go to `accept`. */
export function listenSockets(accept: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    accept(socket);
  });
  return listen(server, sockets);
}

export async function startServer(
  options: H2ServerOptions,
): Promise<Listening & { connections: H2ServerConnection[] }> {
  const connections: H2ServerConnection[] = [];
  const listening = await listenSockets((socket) => {
    connections.push(new H2ServerConnection(wireOf(socket), options));
  });
  return { ...listening, connections };
}

export async function connectSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

export async function connectClient(port: number, options?: H2ClientOptions): Promise<H2ClientConnection> {
  return new H2ClientConnection(wireOf(await connectSocket(port)), options);
}

export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** A peer that writes what the test says and shows the frames that come back. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: SeenFrame[] = [];
  closed = false;
  #skip: number;

  constructor(socket: Socket, skip = 0) {
    this.socket = socket;
    this.#skip = skip;
    const reader = new FrameReader({
      onFrame: ({ type, flags, streamId, bytes, start, end }) =>
        this.frames.push({ type, flags, streamId, payload: Buffer.from(bytes.subarray(start, end)) }),
      onFrameTooLarge: () => {},
    });
    socket.on('data', (chunk) => {
      const skipped = Math.min(this.#skip, chunk.length);
      this.#skip -= skipped;
      if (skipped < chunk.length) reader.read(chunk.subarray(skipped));
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.closed = true;
    });
  }

  /** A client that has said hello. */
  static async connect(port: number): Promise<RawPeer> {
    const peer = new RawPeer(await connectSocket(port));
    peer.socket.write(Buffer.concat([CLIENT_PREFACE, frame(FRAME.settings)]));
    return peer;
  }

  write(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The first frame of a type, as soon as it is there. */
  async frame(type: number, streamId?: number): Promise<SeenFrame> {
    const find = () =>
      this.frames.find(
        (seen) => seen.type === type && (streamId === undefined || seen.streamId === streamId),
      );
    await until(() => find() !== undefined || this.closed, `a frame of type ${type}`);
    const seen = find();
    if (seen === undefined) throw new Error(`closed without a frame of type ${type}`);
    return seen;
  }

  async goAwayCode(): Promise<number> {
    const { payload } = await this.frame(FRAME.goAway);
    return payload.readUInt32BE(4);
  }

  async resetCode(streamId: number): Promise<number> {
    const { payload } = await this.frame(FRAME.rstStream, streamId);
    return payload.readUInt32BE(0);
  }
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited++) {
    if (waited > 2500) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A frame as bytes; `length` lies about the payload where it is given. */
export function frame(
  type: number,
  over: { flags?: number; streamId?: number; payload?: Buffer; length?: number } = {},
): Buffer {
  const payload = over.payload ?? Buffer.alloc(0);
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(over.length ?? payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = over.flags ?? 0;
  bytes.writeUInt32BE(over.streamId ?? 0, 5);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** `GET http / ` with an authority, all from the static table but the last. */
export const GET_BLOCK = Buffer.from('828684410161', 'hex');

export function requestHead(over: Partial<RequestHeadInit> = {}): RequestHead {
  return new RequestHead({
    method: 'GET',
    scheme: 'http',
    authority: 'test',
    path: '/',
    version: VERSION.http11,
    fields: [],
    bodyLength: 0,
    absoluteForm: false,
    upgrade: '',
    repeated: false,
    ...over,
  });
}

export function responseHead(status: number, fields: Record<string, string> = {}): ResponseHead {
  const list = Object.entries(fields).map(([name, value]) => new Field(name, value));
  return new ResponseHead({ status, version: VERSION.http2, fields: list, bodyLength: -1, repeated: false });
}

/** Collects a response; credits what it reads unless told to hold back. */
export class Collector implements ResponseSink {
  head: ResponseHead | undefined;
  body: Buffer[] = [];
  trailers: readonly Field[] | undefined;
  failure: StreamFailure | undefined;
  ended = false;
  credited = 0;
  request: RequestSink | undefined;
  holding = false;
  onCredit: ((bytes: number) => void) | undefined;

  responseHead(head: ResponseHead, end: boolean): void {
    this.head = head;
    this.ended = end;
  }

  responseData(chunk: Buffer, end: boolean): void {
    this.body.push(Buffer.from(chunk));
    this.ended = end;
    if (!this.holding) this.request?.responseCredit(chunk.length);
  }

  responseTrailers(fields: readonly Field[]): void {
    this.trailers = fields;
    this.ended = true;
  }

  responseFailed(failure: StreamFailure): void {
    this.failure = failure;
  }

  requestCredit(bytes: number): void {
    this.credited += bytes;
    this.onCredit?.(bytes);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.body);
  }

  async done(): Promise<this> {
    await until(() => this.ended || this.failure !== undefined, 'a response');
    return this;
  }
}

/** Sends a whole request and waits for the end of its response. */
export function send(
  client: H2ClientConnection,
  head: RequestHead,
  body: Buffer | undefined = undefined,
): Promise<Collector> {
  const collector = new Collector();
  collector.request = client.request(head, body === undefined, collector);
  if (body !== undefined) sendByCredit(collector, body);
  return collector.done();
}

/** Feeds a body in pieces, 64 kB ahead of the credit at most. */
function sendByCredit(collector: Collector, body: Buffer): void {
  let at = 0;
  let ahead = 0;
  const feed = () => {
    while (at < body.length && ahead < 65_536) {
      const next = Math.min(body.length, at + 20_000);
      ahead += next - at;
      const piece = Buffer.from(body.subarray(at, next));
      at = next;
      collector.request?.requestData(piece, at === body.length);
      piece.fill(0);
    }
  };
  collector.onCredit = (bytes) => {
    ahead -= bytes;
    feed();
  };
  feed();
}

/** What a handler saw of one request. */
export class SeenRequest implements RequestSink {
  readonly head: RequestHead;
  readonly response: ServerResponse;
  readonly body: Buffer[] = [];
  trailers: readonly Field[] | undefined;
  ended: boolean;
  cancelled: number | undefined;
  credited = 0;

  constructor(head: RequestHead, ended: boolean, response: ServerResponse) {
    this.head = head;
    this.ended = ended;
    this.response = response;
  }

  requestData(chunk: Buffer, end: boolean): void {
    this.body.push(Buffer.from(chunk));
    this.ended = end;
    this.response.requestCredit(chunk.length);
  }

  requestTrailers(fields: readonly Field[]): void {
    this.trailers = fields;
    this.ended = true;
  }

  requestCancelled(code: number): void {
    this.cancelled = code;
  }

  responseCredit(bytes: number): void {
    this.credited += bytes;
  }
}

/** Keeps every request for the test to answer. */
export function keepRequests(seen: SeenRequest[] = []): RequestHandler & { seen: SeenRequest[] } {
  return {
    seen,
    handleRequest(head, end, response) {
      const request = new SeenRequest(head, end, response);
      seen.push(request);
      return request;
    },
  };
}

/** Sends back body and trailers as they come, with credit passed through both ways. */
export const echo: RequestHandler = {
  handleRequest(head, end, response) {
    const fields = head.fields.filter((field) => field.name.startsWith('x-'));
    response.responseHead(new ResponseHead({ ...responseHead(200), fields }), end);
    return {
      requestData: (chunk, last) => response.responseData(chunk, last),
      requestTrailers: (trailers) => response.responseTrailers(trailers),
      requestCancelled: () => {},
      responseCredit: (bytes) => response.requestCredit(bytes),
    };
  },
};
