import { afterAll, expect, it } from 'vitest';
import { closeApps, openWay, RawClient, startRawApp } from '../inbound/ways.testing.ts';

afterAll(closeApps);

it('an endpoint with an authority of its own gets requests by that name, without the canonical one', async () => {
  const app = await startRawApp((socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });
  const { port } = await openWay('outbound', app.port, { endpoint: { authorityOverride: 'web.west:8080' } });
  const client = new RawClient(port);
  const head =
    'GET / HTTP/1.1\r\nhost: web-west.shop\r\nl5d-dst-canonical: web-west.shop:80\r\nx-kept: yes\r\n\r\n';
  // Twice: the second head is one that comes again.
  for (let at = 0; at < 2; at++) {
    client.text = '';
    client.send(head);
    await client.receive(/\r\n\r\n$/);
  }
  const [received = ''] = app.received;
  expect(received.match(/host: web\.west:8080\r\n/gi)).toHaveLength(2);
  expect(received.match(/x-kept: yes\r\n/g)).toHaveLength(2);
  expect(received).not.toContain('l5d-dst-canonical');
  client.socket.destroy();
});
