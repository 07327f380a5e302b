import { afterEach, expect, it } from 'vitest';
import { samplesOf } from '../outbound/dispatch.testing.ts';
import { closeLoopback } from '../transport/loopback.testing.ts';
import { closeApps, openWay, RawClient, startNodeApp } from './ways.testing.ts';

afterEach(() => {
  closeLoopback();
  closeApps();
});

it('counts connections of peers that dial the proxy itself, in the words of upstream', async () => {
  const app = await startNodeApp((_request, response) => response.end('ok'));
  const { port, inbound } = await openWay('mesh', app.port, { isBalanced: true });
  const client = new RawClient(port);
  client.send('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n');
  expect(await client.receiveAll()).toMatch(/^HTTP\/1\.1 200 /);
  const counted = Object.keys(samplesOf(inbound.families, 'inbound_tcp_transport_header_connections_total'));
  expect(counted).toEqual([
    expect.stringMatching(/^session_protocol="http\/2",target_port="\d+",target_name="",client_id="[\w.]+"$/),
  ]);
});
