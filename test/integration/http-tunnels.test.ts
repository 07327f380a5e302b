import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeAsRoot } from './mesh/as-root.ts';
import { type LocalMesh, startLocalMesh } from './mesh/local-mesh.ts';
import { buildNamespace, buildWorkload } from './mesh/manifests.ts';
import { openRaw, type RawConnection } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

const APP = new URL('./pods/http1-app.ts', import.meta.url).pathname;
const PORT = 8080;

let mesh: LocalMesh;

describeAsRoot('what HTTP/1.1 has beside requests and responses, across two proxies', () => {
  beforeAll(async () => {
    mesh = await startLocalMesh({
      name: 'tunnels',
      manifests: () => [
        buildNamespace(),
        ...buildWorkload({
          name: 'web',
          command: ['node', APP],
          readyPath: '/',
          env: { PORT: `${PORT}` },
          ports: { http: PORT },
        }),
        ...buildRelay(),
      ],
    });
  });
  afterAll(() => mesh?.stop());

  it('a WebSocket: switched by the app, seen as a meshed client, closed by each side for itself', async () => {
    const connection = open();
    connection.send(
      'GET /chat HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst ',
    );
    const head = await receive(connection, /FIRST $/);
    expect(head).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n/,
    );
    // Only mutual TLS tells the app who asks.
    expect(head).toMatch(/\r\nx-who: client\.shop\.serviceaccount\.identity\./);
    connection.send('second');
    await receive(connection, /SECOND$/);
    connection.socket.end();
    expect((await connection.untilEnded()).toString('latin1')).toMatch(/BYE$/);
    connection.close();
  });

  it('CONNECT', async () => {
    const connection = open();
    connection.send(`CONNECT web:${PORT} HTTP/1.1\r\nHost: web\r\n\r\n`);
    await receive(connection, /^HTTP\/1\.1 200 OK\r\n.*\r\n$/s);
    connection.send('hello');
    await receive(connection, /HELLO$/);
    connection.close();
  });

  it('early hints, and the answer to who waits to send a body', async () => {
    const connection = open();
    connection.send('GET /hints HTTP/1.1\r\nHost: web\r\n\r\n');
    await receive(connection, /^HTTP\/1\.1 103 Early Hints\r\nlink: .*HTTP\/1\.1 200 OK/s);
    const expecting = 'HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n';
    connection.send(`POST / ${expecting}`);
    await receive(connection, /HTTP\/1\.1 100 Continue\r\n\r\n$/);
    connection.send('body');
    await receive(connection, /100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    connection.send(`POST /no ${expecting}`);
    const all = (await connection.untilEnded()).toString('latin1');
    expect(all).toMatch(/HTTP\/1\.1 417 Expectation Failed\r\n.*connection: close\r\n/s);
    expect(all.match(/100 Continue/g)).toHaveLength(1);
    connection.close();
  });

  it('a client that finishes writing behind its requests', async () => {
    const connection = open();
    connection.socket.end('GET / HTTP/1.1\r\nHost: web\r\n\r\n'.repeat(3));
    const all = (await connection.untilEnded()).toString('latin1');
    expect(all.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    connection.close();
  });
});

function open(): RawConnection {
  return openRaw(throughRelay(mesh, { service: 'web', port: PORT }));
}

async function receive(connection: RawConnection, pattern: RegExp): Promise<string> {
  const isThere = (bytes: Buffer) => pattern.test(bytes.toString('latin1'));
  const text = (await connection.until(isThere)).toString('latin1');
  expect(text).toMatch(pattern);
  return text;
}
