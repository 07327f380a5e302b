/**
 * What the HTTP/1 codec costs in nanoseconds a head, without sockets: `node test/bench/micro/h1.ts`.
 * Targets on the reference machine: a repeated head ≤ 600 ns, a varied one (ten fields, two unique) ≤ 3000 ns.
 */
import { Field } from '../../../services/proxy/http/field.ts';
import { createHeadMemory, HeadRecall } from '../../../services/proxy/http/h1/head-memory.ts';
import { type MessageConsumer, MessageReader } from '../../../services/proxy/http/h1/message-reader.ts';
import { Refusal } from '../../../services/proxy/http/h1/refusal.ts';
import { HEAD_END, renderRequest, renderResponse } from '../../../services/proxy/http/h1/render.ts';
import { parseRequest, type RequestMessage } from '../../../services/proxy/http/h1/request.ts';
import { ResponseHead, VERSION } from '../../../services/proxy/http/head.ts';
import { measure } from './stopwatch.ts';

const COUNT = 400_000;
const VARIANTS = 4096;

class Taker implements MessageConsumer {
  readonly reader = new MessageReader(this);
  readonly #recall = new HeadRecall(createHeadMemory<RequestMessage>());
  last: RequestMessage | undefined;

  takeHead(text: string): number {
    const found = this.#recall.find(text);
    if (found === undefined) {
      const repeated = this.#recall.wants(text);
      const parsed = parseRequest(text, { scheme: 'http', repeated });
      if (parsed instanceof Refusal) throw new Error(parsed.reason);
      if (repeated) this.#recall.keep(text, parsed);
      this.last = parsed;
    } else this.last = found;
    this.reader.next();
    return 0;
  }
  refuseStart() {
    return undefined;
  }
  takeBody() {}
  takeTrailers() {}
  takeRefusal(refusal: Refusal) {
    throw new Error(refusal.reason);
  }
}

function head(id: number): Buffer {
  const hex = (n: number, width: number) => n.toString(16).padStart(width, '0');
  const lines = [
    'GET /api/v1/items/42?page=1 HTTP/1.1',
    'Host: web.shop.svc.cluster.local:8080',
    'User-Agent: wrk/4.1.0 (linux)',
    'Accept: application/json, text/plain, */*',
    'Accept-Encoding: gzip, deflate, br',
    'Accept-Language: en-US,en;q=0.9',
    'Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789',
    `X-Request-Id: ${hex(id * 2_654_435, 32)}`,
    `Traceparent: 00-${hex(id * 40_503, 32)}-${hex(id * 7919, 16)}-01`,
    'Cookie: session=abcdef0123456789; theme=dark',
    'Cache-Control: no-cache',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

const heads = Array.from({ length: VARIANTS }, (_, i) => head(i + 1));
const first = head(0);
const out = Buffer.allocUnsafeSlow(65_536);
const taker = new Taker();
const response = (repeated: boolean) =>
  new ResponseHead({
    status: 200,
    version: VERSION.http11,
    fields: [
      new Field('content-type', 'application/json'),
      new Field('content-length', '13'),
      new Field('date', 'Sat, 21 Nov 2026 12:00:00 GMT'),
      new Field('x-request-id', '0123456789abcdef'),
    ],
    bodyLength: 13,
    repeated,
  });
const known = response(true);
const fresh = response(false);

measure('parse a repeated head', COUNT, () => taker.reader.push(first));
measure('parse a varied head (10 fields, 2 unique)', COUNT, (i) =>
  taker.reader.push(heads[i & (VARIANTS - 1)] ?? first),
);
measure('parse and render a varied head', COUNT, (i) => {
  taker.reader.push(heads[i & (VARIANTS - 1)] ?? first);
  if (taker.last !== undefined) out.latin1Write(renderRequest(taker.last.head), 0);
});
measure('render a repeated response head', COUNT, () => {
  const at = out.latin1Write(renderResponse(known), 0);
  out.latin1Write(HEAD_END, at);
});
measure('render a fresh response head', COUNT, () => {
  const at = out.latin1Write(renderResponse(fresh), 0);
  out.latin1Write(HEAD_END, at);
});
