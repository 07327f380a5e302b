import { afterEach, describe, expect, it } from 'vitest';
import { closeApps, openWay, RawClient, startRawApp, type Way } from '../inbound/ways.testing.ts';
import { closeLoopback, until } from '../transport/loopback.testing.ts';
import type { Span } from './export/span.ts';
import { Tracer } from './tracer.ts';

afterEach(() => {
  closeLoopback();
  closeApps();
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

function createTracers() {
  const spans: Span[] = [];
  const sink = { add: (span: Span) => spans.push(span) };
  const tracers = {
    inbound: new Tracer({ direction: 'inbound', sink }),
    outbound: new Tracer({ direction: 'outbound', sink }),
  };
  return { spans, tracers };
}

const requestWith = (...lines: readonly string[]) =>
  `GET /api?x HTTP/1.1\r\n${['host: web', ...lines].map((line) => `${line}\r\n`).join('')}\r\n`;
const traceparent = (flags: string) => `traceparent: 00-${TRACE}-${PARENT}-${flags}`;

/** An app that answers `answer` to each request, and the spans of one client's requests to it. */
async function open(way: Way, answer = OK) {
  const { spans, tracers } = createTracers();
  let answered = 0;
  const app = await startRawApp((socket, text) => {
    const asked = text.split('\r\n\r\n').length - 1;
    for (; answered < asked; answered++) socket.write(answer);
  });
  const { port } = await openWay(way, app.port, { tracers });
  return { spans, app, client: new RawClient(port) };
}

const labelOf = ({ kind, attributes }: Span) =>
  `${attributes.find(([name]) => name === 'direction')?.[1]} ${kind}`;

/** Spans of one request from the client to the app: each is the parent of the next. */
function chain(spans: readonly Span[], parentId = PARENT): readonly Span[] {
  const next = spans.find(({ context }) => context.parentId === parentId);
  return next === undefined ? [] : [next, ...chain(spans, next.spanId)];
}

const CHAINS: Readonly<Record<Way, readonly string[]>> = {
  inbound: ['inbound server', 'inbound client'],
  outbound: ['outbound server', 'outbound client'],
  mesh: ['outbound server', 'outbound client', 'inbound server', 'inbound client'],
};

describe.each(Object.keys(CHAINS) as Way[])('a sampled request, by way of %s', (way) => {
  it('makes spans that are parents of each other, of which the app gets the last', async () => {
    const { spans, app, client } = await open(way);
    client.send(requestWith(traceparent('01'), 'tracestate: a=b'));
    await client.receive(/ok$/);
    const [first, ...others] = chain(spans);
    expect([first, ...others].map((span) => span && labelOf(span))).toEqual(CHAINS[way]);
    for (const span of spans) {
      expect(span).toMatchObject({ name: '/api', context: { traceId: TRACE } });
      expect(span.attributes).toContainEqual(['http.response.status_code', '200']);
      expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    }
    expect(app.received[0]).toContain(`traceparent: 00-${TRACE}-${others.at(-1)?.spanId}-01\r\n`);
    expect(app.received[0]).toContain('tracestate: a=b\r\n');
    client.socket.destroy();
  });

  it('is in a span of its own each time that it comes again', async () => {
    const { spans, app, client } = await open(way);
    for (let count = 1; count <= 4; count++) {
      client.send(requestWith(traceparent('01')));
      await client.receive(new RegExp(`(ok[^]*){${count}}$`));
    }
    const seen = [...(app.received.join('').matchAll(/traceparent: \S+-(\S{16})-01\r\n/g) ?? [])];
    expect(new Set(seen.map((match) => match[1])).size).toBe(4);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4 * CHAINS[way].length);
    const last = labelOf(spans[0]!).split(' ')[0] === 'inbound' || way === 'mesh' ? 'inbound' : 'outbound';
    const sent = spans.filter((span) => labelOf(span) === `${last} client`).map(({ spanId }) => spanId);
    expect(sent.sort()).toEqual(seen.map((match) => match[1]).sort());
    client.socket.destroy();
  });

  it.each([
    ['is not sampled', traceparent('00')],
    ['cannot be read', 'traceparent: 00-nonsense-01'],
    ['is not there', 'accept: */*'],
  ])('makes none where the context %s, and goes on as it came', async (_name, line) => {
    const { spans, app, client } = await open(way);
    for (let count = 1; count <= 3; count++) {
      client.send(requestWith(line));
      await client.receive(new RegExp(`(ok[^]*){${count}}$`));
    }
    expect(spans).toEqual([]);
    expect(app.received.join('').split(`${line}\r\n`)).toHaveLength(4);
    client.socket.destroy();
  });

  it('has spans without a status where the client goes before an answer', async () => {
    const { spans, app, client } = await open(way, '');
    client.send(requestWith(traceparent('01')));
    await until(() => app.received[0]?.includes('\r\n\r\n') === true, 'the request', 8000);
    client.socket.resetAndDestroy();
    await until(() => spans.length === CHAINS[way].length, 'the spans', 8000);
    for (const { attributes } of spans)
      expect(attributes.map(([name]) => name)).not.toContain('http.response.status_code');
  });
});

it('the server span tells what the proxy answered in the place of an app that is gone', async () => {
  const { spans, tracers } = createTracers();
  const app = await startRawApp((socket) => socket.resetAndDestroy());
  const { port } = await openWay('inbound', app.port, { tracers });
  const client = new RawClient(port);
  client.send(requestWith(traceparent('01')));
  await client.receive(/502 Bad Gateway/);
  const statuses = Object.fromEntries(
    spans.map((span) => [
      span.kind,
      span.attributes.find(([name]) => name === 'http.response.status_code')?.[1],
    ]),
  );
  expect(statuses).toEqual({ server: '502', client: undefined });
  client.socket.destroy();
});
