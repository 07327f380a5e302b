import { afterAll, describe, expect, it, vi } from 'vitest';
import { Suffixes } from '../config.ts';
import { Field } from '../http/field.ts';
import { RequestHead, VERSION } from '../http/head.ts';
import { createConnection, openPolicy } from '../inbound/connection.testing.ts';
import { InboundHandler } from '../inbound/http-handler.ts';
import { closeApps, RawClient, serveHandler, startNodeApp, startRawApp } from '../inbound/ways.testing.ts';
import { createTestTargets } from '../outbound/discovery/discovery.testing.ts';
import { listen } from '../transport/loopback.testing.ts';
import { isForwardedBy } from './forwarded.ts';
import { Gateway } from './gateway.ts';

afterAll(closeApps);

const OWN = 'gateway.linkerd';
const NAME = { host: 'web.shop.svc.cluster.local', port: 8080 };

function createGateway(
  ports: Readonly<Record<string, number>>,
  known: { isOpaque?: boolean; isSlow?: boolean } = {},
) {
  const { targets, context, asked } = createTestTargets({ ports, ...known }, 'profile');
  const suffixes = new Suffixes(['svc.cluster.local']);
  return { gateway: new Gateway({ targets, context, suffixes, localName: OWN }), context, asked };
}

/** A client of the gateway that asks for a name. */
async function openGateway(
  ports: Readonly<Record<string, number>>,
  options: { name?: typeof NAME; policy?: ReturnType<typeof openPolicy>; isSlow?: boolean } = {},
) {
  const { gateway, context, asked } = createGateway(ports, { isSlow: options.isSlow ?? false });
  const { connection } = createConnection(options.policy === undefined ? {} : { policy: options.policy });
  const listener = await listen(({ wire }) => {
    wires.push(wire);
  });
  const wires: Parameters<Gateway['connectHttp']>[0][] = [];
  new RawClient(listener.address.port).send('x');
  await expect.poll(() => wires.length, { timeout: 8000 }).toBe(1);
  const [wire] = wires;
  if (wire === undefined) throw new Error('no connection');
  const served = gateway.connectHttp(wire, connection, options.name ?? NAME);
  const client = new RawClient(await serveHandler(new InboundHandler(served)));
  return { client, context, asked };
}

describe('a gateway', () => {
  it('passes requests on to where the name leads, with who forwarded them', async () => {
    const app = await startNodeApp((request, response) => {
      response.end(`${request.headers.host} ${request.headers.forwarded};`);
    });
    const { client, asked } = await openGateway({ 'web.shop.svc.cluster.local:8080': app.port });
    for (let at = 0; at < 2; at++) {
      client.text = '';
      client.send('GET / HTTP/1.1\r\nhost: web-east.shop:8080\r\nforwarded: by=other\r\n\r\n');
      expect(await client.receive(/;$/)).toContain(
        'web.shop.svc.cluster.local:8080 by=other, by=gateway.linkerd;for=cart.shop;host=web.shop.svc.cluster.local:8080;proto=https;',
      );
    }
    expect(asked).toEqual(['web.shop.svc.cluster.local:8080']);
    client.socket.destroy();
  });

  it.each([
    ['a name of another domain', { host: 'web.example', port: 80 }],
    ['a name without a profile', { host: 'none.shop.svc.cluster.local', port: 80 }],
  ])('answers 404 for %s', async (_what, name) => {
    const { client } = await openGateway({}, { name });
    client.send('GET / HTTP/1.1\r\nhost: web\r\n\r\n');
    const answer = await client.receive(/\r\n\r\n$/);
    expect(answer).toContain('HTTP/1.1 404 Not Found\r\n');
    expect(answer).toContain('l5d-proxy-error: bad gateway domain\r\n');
    client.socket.destroy();
  });

  it('answers 504 where discovery says nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { client } = await openGateway({}, { isSlow: true }).finally(() => {
      vi.advanceTimersByTime(60_000);
      vi.useRealTimers();
    });
    client.send('GET / HTTP/1.1\r\nhost: web\r\n\r\n');
    const answer = await client.receive(/\r\n\r\n$/);
    expect(answer).toContain('HTTP/1.1 504 Gateway Timeout\r\n');
    expect(answer).toContain('l5d-proxy-error: service in fail-fast\r\n');
    client.socket.destroy();
  });

  it('answers 508 for what it has forwarded before', async () => {
    const { client } = await openGateway({ 'web.shop.svc.cluster.local:8080': 1 });
    client.send(`GET / HTTP/1.1\r\nhost: web\r\nforwarded: by=${OWN};for=x\r\n\r\n`);
    const answer = await client.receive(/\r\n\r\n$/);
    expect(answer).toContain('HTTP/1.1 508 Loop Detected\r\n');
    expect(answer).toContain('l5d-proxy-error: gateway loop detected\r\n');
    client.socket.destroy();
  });

  it('lets in whom the policy of its own port lets in', async () => {
    const policy = openPolicy({ authorizations: [] });
    const { client, asked } = await openGateway({ 'web.shop.svc.cluster.local:8080': 1 }, { policy });
    client.send('GET / HTTP/1.1\r\nhost: web\r\n\r\n');
    expect(await client.receive(/\r\n\r\n$/)).toContain('HTTP/1.1 403 Forbidden\r\n');
    expect(asked).toEqual(['web.shop.svc.cluster.local:8080']);
    client.socket.destroy();
  });
});

describe('a gateway, for opaque connections', () => {
  const open = async (
    ports: Readonly<Record<string, number>>,
    options: { isOpaque?: boolean; name?: typeof NAME } = {},
  ) => {
    const { gateway } = createGateway(ports, { isOpaque: options.isOpaque ?? true });
    const { connection } = createConnection();
    const name = options.name ?? NAME;
    const listener = await listen(({ wire }) => {
      gateway.forward(wire, { bytes: Buffer.from('first '), connection, name });
    });
    return new RawClient(listener.address.port);
  };

  it('forwards what was read and what comes', async () => {
    const app = await startRawApp((socket, text) => {
      if (text.endsWith('\n')) socket.write(`got ${text}`);
    });
    const client = await open({ 'web.shop.svc.cluster.local:8080': app.port });
    client.send('second\n');
    expect(await client.receive(/\n$/)).toBe('got first second\n');
    client.socket.destroy();
  });

  it('closes those for another domain, and without a profile', async () => {
    for (const name of [
      { host: 'web.example', port: 80 },
      { host: 'none.svc.cluster.local', port: 80 },
    ]) {
      const client = await open({}, { name });
      expect(await client.receiveAll()).toBe('');
    }
  });
});

describe('isForwardedBy()', () => {
  it('reads the first `by` of each header, split at semicolons and equals signs alone', () => {
    const headOf = (...values: string[]) =>
      new RequestHead({
        method: 'GET',
        scheme: 'http',
        authority: 'web',
        path: '/',
        version: VERSION.http11,
        fields: values.map((value) => new Field('forwarded', value)),
        bodyLength: 0,
        absoluteForm: false,
        upgrade: '',
        repeated: false,
      });
    expect(isForwardedBy(headOf('for=x;by=me'), 'me')).toBe(true);
    expect(isForwardedBy(headOf('by=a', 'by=me;by=b'), 'me')).toBe(true);
    expect(isForwardedBy(headOf('by=a;by=me'), 'me')).toBe(false);
    expect(isForwardedBy(headOf('by=a, by=me'), 'me')).toBe(false);
    expect(isForwardedBy(headOf(), 'me')).toBe(false);
  });
});
