import { afterEach, describe, expect, it } from 'vitest';
import { totalOf } from '../outbound/dispatch.testing.ts';
import { closeLoopback, connectPlain, Sink, until } from '../transport/loopback.testing.ts';
import type { Wire } from '../transport/wire.ts';
import { authorizationOf, createConnection, openPolicy, routeOf } from './connection.testing.ts';
import type { ServerPolicy } from './server-policy.ts';
import { forwardToApp } from './tcp-gate.ts';

afterEach(closeLoopback);

const CLOSED = openPolicy({ authorizations: [] });

async function setUp(options: Parameters<typeof createConnection>[0] = {}, bytes?: Buffer) {
  const { connection, connects, families } = createConnection(options);
  const client = await connectPlain();
  const clientSink = new Sink();
  client.client.receiver = clientSink;
  forwardToApp(client.server, bytes, connection);
  const app = await connectPlain();
  const appSink = new Sink();
  app.server.receiver = appSink;
  const total = (metric: string) => totalOf(families, metric);
  const accept = () => connects[0]!.onConnected(app.client);
  return {
    connection,
    connects,
    accept,
    client: client.client,
    clientSink,
    app: app.server as Wire,
    appSink,
    total,
  };
}

describe('forwardToApp', () => {
  it('forwards what was read and what comes, both ways', async () => {
    const { accept, client, clientSink, app, appSink, total } = await setUp({}, Buffer.from('first '));
    client.writeLatin1('second');
    // Nothing may be lost while the app is connected to.
    await new Promise((resolve) => setTimeout(resolve, 30));
    accept();
    await until(() => appSink.text === 'first second', 'the bytes');
    app.writeLatin1('answer');
    await until(() => clientSink.text === 'answer', 'the answer');
    expect(total('inbound_tcp_authz_allow_total')).toBe(1);
    expect(total('inbound_tcp_authz_deny_total')).toBe(0);
  });

  it.each<[string, ServerPolicy]>([
    ['nobody is admitted', CLOSED],
    ['the port speaks HTTP only', openPolicy({ protocol: { kind: 'http1', routes: [routeOf('default')] } })],
  ])('closes the connection where %s', async (_name, policy) => {
    const { connects, clientSink, total } = await setUp({ policy });
    await until(() => clientSink.ended, 'the end');
    expect(connects).toEqual([]);
    expect(total('inbound_tcp_authz_deny_total')).toBe(1);
    expect(total('inbound_tcp_authz_allow_total')).toBe(0);
  });

  it('lets TLS that is not ours through on a port that speaks HTTP', async () => {
    const policy = openPolicy({ protocol: { kind: 'http1', routes: [] } });
    const { connects } = await setUp({ policy, tls: { kind: 'passthrough', sni: 'example.com' } });
    expect(connects).toHaveLength(1);
  });

  it('ends an open connection when the policy no longer admits it, once', async () => {
    const { connection, accept, client, clientSink, app, appSink, total } = await setUp();
    accept();
    client.writeLatin1('x');
    await until(() => appSink.bytes === 1, 'the byte');
    connection.port.set(openPolicy({ authorizations: [authorizationOf('other')] }));
    connection.port.set(CLOSED);
    connection.port.set(CLOSED);
    await until(() => clientSink.closed !== undefined && appSink.closed !== undefined, 'both closed');
    expect(clientSink.closed?.error).toMatchObject({ code: 'ECONNRESET' });
    expect(app.closed).toBe(true);
    expect(total('inbound_tcp_authz_terminate_total')).toBe(1);
  });

  it('does not let through what was revoked while the app was connected to', async () => {
    const { connection, accept, client, clientSink, appSink, total } = await setUp();
    client.writeLatin1('secret');
    connection.port.set(CLOSED);
    accept();
    await until(() => clientSink.closed !== undefined, 'closed');
    expect(appSink.bytes).toBe(0);
    expect(total('inbound_tcp_authz_terminate_total')).toBe(1);
  });

  it('resets the client where the app cannot be reached', async () => {
    const { connects, clientSink, total } = await setUp();
    connects[0]!.onFailed({ kind: 'connect', code: 7, message: 'connect ECONNREFUSED', unprocessed: true });
    await until(() => clientSink.closed !== undefined, 'closed');
    expect(clientSink.closed?.error).toMatchObject({ code: 'ECONNRESET' });
    expect(total('inbound_tcp_errors_total')).toBe(1);
  });

  it('drops the connection to the app when the client has gone meanwhile', async () => {
    const { connection, accept, client, clientSink, appSink } = await setUp();
    client.destroy();
    await until(() => clientSink.closed !== undefined, 'the client to close');
    accept();
    await until(() => appSink.ended || appSink.closed !== undefined, 'the app to hear of it');
    expect(connection.port.policy).toBeDefined();
  });
});
