import { type ClientHttp2Session, connect } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { samplesOf } from '../outbound/dispatch.testing.ts';
import { closeLoopback, until } from '../transport/loopback.testing.ts';
import { closeApps, openWay, RawClient, startRawApp, WAYS } from './ways.testing.ts';

afterEach(() => {
  closeLoopback();
  closeApps();
});

const GET = 'GET / HTTP/1.1\r\nHost: web\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
const SWITCHING = 'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';

describe.each(WAYS)('the limit of requests in flight, by way of %s', (way) => {
  it.each([
    ['is answered', GET, 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['loses its client', GET, ''],
    ['loses its app', GET, 'reset'],
    ['leaves HTTP', UPGRADE, SWITCHING],
  ])('sheds what is above it, until a request %s', async (how, request, end) => {
    const app = await startRawApp(() => {});
    const { port, inbound, outbound } = await openWay(way, app.port, { config: { maxInFlight: 1 } });
    const first = new RawClient(port);
    first.send(request);
    await until(() => app.received[0]?.endsWith('\r\n\r\n') === true, 'the request');
    const shed = new RawClient(port);
    shed.send(GET);
    expect(await shed.receiveAll()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    if (how === 'loses its client') first.socket.resetAndDestroy();
    else if (how === 'loses its app') app.sockets[0]?.resetAndDestroy();
    else app.sockets[0]?.write(end);
    await until(() => inbound.inFlight.count + outbound.inFlight.count === 0, 'an end');
    const next = new RawClient(port);
    next.send(GET);
    await until(() => inbound.inFlight.count + outbound.inFlight.count > 0, 'the next one');
    expect(next.text).toBe('');
  });
});

describe('the queue of requests that wait for a connection to the app', () => {
  const statusOf = (session: ClientHttp2Session) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': '/' });
      stream.on('response', (headers) => resolve(headers[':status']));
      stream.on('error', reject);
    });

  it('is bounded: what is above is shed', async () => {
    const app = await startRawApp(() => {});
    const { port, inbound } = await openWay('inbound', app.port, { config: { queueCapacity: 2 } });
    const session = connect(`http://127.0.0.1:${port}`);
    try {
      const [first, second, third] = [1, 2, 3].map(() => statusOf(session));
      for (const waits of [first, second]) waits?.catch(() => {});
      expect(await third).toBe(503);
      expect(Object.keys(samplesOf(inbound.families, 'inbound_http_errors_total'))).toEqual([
        expect.stringContaining('error="loadshed"'),
      ]);
    } finally {
      session.destroy();
    }
  });
});
