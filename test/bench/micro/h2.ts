/**
 * What HPACK and whole HTTP/2 streams cost, without sockets: `node test/bench/micro/h2.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { RequestHandler, RequestSink, ResponseSink } from '../../../services/proxy/http/exchange.ts';
import { Field } from '../../../services/proxy/http/field.ts';
import { H2ClientConnection } from '../../../services/proxy/http/h2/client-connection.ts';
import { MemoryWire, requestHead } from '../../../services/proxy/http/h2/loopback.testing.ts';
import { H2ServerConnection } from '../../../services/proxy/http/h2/server-connection.ts';
import { type RequestHead, ResponseHead, VERSION } from '../../../services/proxy/http/head.ts';
import { boundOfHead, HeadEncoder } from '../../../services/proxy/http/hpack/head-encoder.ts';
import { createRequestReader } from '../../../services/proxy/http/hpack/head-reader.ts';
import { measure } from './stopwatch.ts';

const VARIED = 2000;

const NAMES = [
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'x-tenant',
  'x-a',
  'x-b',
];
const common = NAMES.map((name) => new Field(name, `the value of ${name}`));
const unique = () => [
  new Field('x-request-id', randomUUID()),
  new Field('traceparent', `00-${randomUUID().replaceAll('-', '')}-${randomUUID().slice(0, 8)}aabbccdd-01`),
];
const headOf = (fields: Field[], repeated: boolean) =>
  requestHead({ authority: 'web.shop.svc.cluster.local:8080', path: '/api/items?page=2', fields, repeated });

/** An encoder that has warmed up, and the reader of its peer. */
const encoder = new HeadEncoder();
const reader = createRequestReader();
const out = Buffer.alloc(16_384);

function encode(head: RequestHead): Buffer {
  const kept = encoder.findKept(head);
  if (kept !== undefined) {
    out.set(kept.bytes, 0);
    return kept.bytes;
  }
  if (boundOfHead(head) > out.length) throw new Error('too large');
  encoder.begin(out, 0);
  encoder.writeHead(head);
  if (head.repeated) encoder.keep(head, out);
  return out.subarray(0, encoder.hpack.at);
}

function read(bytes: Buffer): void {
  reader.readHead({ bytes, start: 0, end: bytes.length }, true);
}

function benchHeads(): void {
  const repeated = headOf(common, true);
  for (let i = 0; i < 4; i++) read(encode(repeated));
  for (let i = 0; i < 3; i++) read(encode(headOf([...common, ...unique()], false)));
  const varied = Array.from({ length: VARIED }, () => headOf([...common, ...unique()], false));
  const blocks = varied.map((head) => Buffer.from(encode(head)));
  for (let i = 0; i < 4; i++) read(encode(repeated));
  const block = Buffer.from(encode(repeated));
  measure('encode a repeated head of 8 fields', 1_000_000, () => encode(repeated));
  measure('decode a repeated block of 8 fields', 1_000_000, () => read(block));
  measure('encode a head of 8 known and 2 unique fields', 100_000, (i) => {
    const head = varied[i % VARIED]!;
    for (const field of head.fields.slice(8)) field.sightings = 0;
    encode(head);
  });
  measure('decode a block of 8 known and 2 unique fields', 100_000, (i) => read(blocks[i % VARIED]!));
}

const BODY = Buffer.alloc(100, 'x');
const fields = [new Field('content-type', 'text/plain'), new Field('content-length', '100')];
const ok = new ResponseHead({
  status: 200,
  version: VERSION.http11,
  fields,
  bodyLength: 100,
  repeated: true,
});
const nobody: RequestSink = {
  requestData() {},
  requestTrailers() {},
  requestCancelled() {},
  responseCredit() {},
};
const answering: RequestHandler = {
  handleRequest(_head, _end, response) {
    response.responseHead(ok, false);
    response.responseData(BODY, true);
    return nobody;
  },
};

class Crediting implements ResponseSink {
  request: RequestSink = nobody;
  static done = 0;
  responseHead(): void {}
  responseData(chunk: Buffer, end: boolean): void {
    this.request.responseCredit(chunk.length);
    if (end) Crediting.done++;
  }
  responseTrailers(): void {}
  responseFailed(): void {}
  requestCredit(): void {}
}

/** Whole requests, client and server, with the bytes carried over 64 at a time. */
function benchStreams(name: string, head: (i: number) => RequestHead): void {
  const [near, far] = [new MemoryWire(), new MemoryWire()];
  const client = new H2ClientConnection(near.asWire());
  const server = new H2ServerConnection(far.asWire(), { handler: answering });
  const carry = () => {
    server.onBytes(near.take());
    client.onBytes(far.take());
  };
  carry();
  Crediting.done = 0;
  measure(name, 200_000, (i) => {
    const response = new Crediting();
    response.request = client.request(head(i), true, response);
    if (i % 64 === 63) carry();
  });
  carry();
  if (Crediting.done < 1_000_000) throw new Error(`only ${Crediting.done} requests were answered`);
}

benchHeads();
const same = headOf(common, true);
benchStreams('a stream, client and server, repeated heads', () => same);
const heads = Array.from({ length: VARIED }, () => headOf([...common, ...unique()], false));
benchStreams('a stream, client and server, 2 of 10 fields unique', (i) => {
  const head = heads[i % VARIED]!;
  for (const field of head.fields.slice(8)) field.sightings = 0;
  return head;
});
