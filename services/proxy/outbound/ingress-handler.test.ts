import { connect } from 'node:http2';
import { afterAll, describe, expect, it } from 'vitest';
import { closeApps, RawClient, serveHandler, startNodeApp } from '../inbound/ways.testing.ts';
import { createTestTargets, type KnownDestinations } from './discovery/discovery.testing.ts';
import { IngressHandler } from './ingress-handler.ts';

afterAll(closeApps);

const DESTINATION = { host: '10.0.0.9', port: 80 };

/** An app that says its name and what it was asked. */
async function startNamedApp(name: string): Promise<number> {
  const app = await startNodeApp((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const headers = Object.keys(request.headers).filter((header) => header.startsWith('l5d-'));
      response.end(`${name} ${request.headers.host} ${body} ${headers.join()};`);
    });
  });
  return app.port;
}

async function startIngress(
  known: Omit<KnownDestinations, 'ports'> = {},
  version: 'http1' | 'http2' = 'http1',
) {
  const ports = {
    'web.shop.svc.cluster.local:8080': await startNamedApp('web'),
    'api.shop.svc.cluster.local:80': await startNamedApp('api'),
    '10.0.0.9:80': await startNamedApp('original'),
  };
  const parts = createTestTargets({ ...known, ports });
  const { targets, context } = parts;
  const handler = new IngressHandler({ targets, context, version, destination: DESTINATION });
  return { ...parts, handler, port: await serveHandler(handler) };
}

const request = (override: string | undefined) =>
  `GET / HTTP/1.1\r\nhost: shop.example\r\n${override === undefined ? '' : `l5d-dst-override: ${override}\r\n`}\r\n`;

describe('IngressHandler', () => {
  it('sends each request of a connection where its header says, without the header', async () => {
    const { port, asked } = await startIngress();
    const client = new RawClient(port);
    for (const [override, answer] of [
      ['web.shop.svc.cluster.local:8080', 'web shop.example  ;'],
      ['API.shop.svc.cluster.local.', 'api shop.example  ;'],
      ['web.shop.svc.cluster.local:8080', 'web shop.example  ;'],
      ['web.shop.svc.cluster.local:8080', 'web shop.example  ;'],
    ] as const) {
      client.text = '';
      client.send(request(override));
      expect(await client.receive(/;$/)).toContain(answer);
    }
    expect(asked).toEqual(['web.shop.svc.cluster.local:8080', 'api.shop.svc.cluster.local:80']);
    client.socket.destroy();
  });

  it('does the same in HTTP/2', async () => {
    const { port } = await startIngress({}, 'http2');
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ':authority': 'shop.example',
      'l5d-dst-override': 'web.shop.svc.cluster.local:8080',
    });
    const status = new Promise((resolve) => stream.once('response', (head) => resolve(head[':status'])));
    stream.resume();
    // The app speaks HTTP/1 alone: that it was asked at all is what its refusal tells.
    expect(await status).toBe(502);
    session.destroy();
  });

  it('refuses a name that nobody knows, and one that is none, without a word to the client', async () => {
    const { port, context } = await startIngress({ context: { informationalHeaders: false } });
    for (const [override, line] of [
      ['nowhere.example:80', 'no profile and no policy'],
      ['not/a:name', 'Invalid l5d-dst-override header'],
    ] as const) {
      const client = new RawClient(port);
      client.send(request(override));
      expect(await client.receiveAll()).toBe(
        'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      );
      expect(context.lines.join('')).toContain(line);
    }
  });

  it('holds what comes before discovery has answered', async () => {
    const { port, answer, asked } = await startIngress({ isSlow: true });
    const client = new RawClient(port);
    client.send(
      'POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 5\r\nl5d-dst-override: web.shop.svc.cluster.local:8080\r\n\r\nhel',
    );
    await expect.poll(() => asked.length, { timeout: 8000 }).toBe(1);
    client.send('lo');
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer();
    expect(await client.receive(/;$/)).toContain('web shop.example hello ;');
    client.socket.destroy();
  });

  it('gives its targets back when the connection is over', async () => {
    const { port, handler, targets } = await startIngress();
    const client = new RawClient(port);
    client.send(request('web.shop.svc.cluster.local:8080'));
    await client.receive(/;$/);
    const target = targets.acquire({ host: 'web.shop.svc.cluster.local', port: 8080 });
    expect(target.connections).toBe(2);
    handler.close();
    handler.close();
    expect(target.connections).toBe(1);
    client.socket.destroy();
  });

  it('splits by weight what goes to a destination whose profile says so', async () => {
    const { port } = await startIngress({
      splits: {
        'web.shop.svc.cluster.local:8080': [
          { path: 'web.shop.svc.cluster.local:8080', weight: 7500 },
          { path: 'api.shop.svc.cluster.local:80', weight: 2500 },
        ],
      },
    });
    const client = new RawClient(port);
    const counts: Record<string, number> = { web: 0, api: 0 };
    for (let at = 0; at < 80; at++) {
      client.text = '';
      client.send(request('web.shop.svc.cluster.local:8080'));
      const [, name = ''] = /\r\n(\w+) shop\.example {2};$/.exec(await client.receive(/;$/)) ?? [];
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect((counts['web'] ?? 0) + (counts['api'] ?? 0)).toBe(80);
    expect(counts['web']).toBeGreaterThanOrEqual(40);
    expect(counts['web']).toBeLessThan(78);
    client.socket.destroy();
  });

  it('sends what has no header where it was going', async () => {
    const { port, asked } = await startIngress();
    const client = new RawClient(port);
    client.send(request(undefined));
    await expect.poll(() => asked, { timeout: 8000 }).toEqual(['10.0.0.9:80']);
    client.socket.destroy();
  });
});
