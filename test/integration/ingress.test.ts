import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitUntil } from '../support/waiting.ts';
import { describeAsRoot } from './mesh/as-root.ts';
import { openSession } from './mesh/h2-session.ts';
import { type LocalMesh, podIp, startLocalMesh } from './mesh/local-mesh.ts';
import { buildEcho, buildNamespace } from './mesh/manifests.ts';
import { get, openRaw, type RawTarget, readAnswer } from './mesh/raw-connection.ts';
import { buildRelay, throughRelay } from './mesh/relay.ts';

const PORT = 8080;
const H2_PORT = 8081;
const API = `api.shop.svc.cluster.local:${PORT}`;

let mesh: LocalMesh;

/** From the ingress, on its way to the web Service. */
function toWeb(port = PORT): RawTarget {
  return throughRelay(mesh, { service: 'web', port, relay: 'ingress' });
}

interface Echo {
  readonly headers: Readonly<Record<string, string>>;
}

function readEcho(body: string): Echo {
  return JSON.parse(body) as Echo;
}

async function countSeen(name: string): Promise<number> {
  const { body } = await get({ host: podIp(mesh.pod(name)), port: PORT }, '/seen');
  return Number(body);
}

describeAsRoot('a pod injected with linkerd.io/inject: ingress', () => {
  beforeAll(async () => {
    const app = (name: string) =>
      buildEcho({
        name,
        http1: PORT,
        http2: H2_PORT,
        annotations: { 'config.linkerd.io/access-log': name === 'api' ? 'json' : 'apache' },
      });
    mesh = await startLocalMesh({
      name: 'ingress',
      manifests: () => [
        buildNamespace(),
        ...app('web'),
        ...app('api'),
        ...buildRelay('ingress', { 'linkerd.io/inject': 'ingress' }),
      ],
    });
  });
  afterAll(() => mesh?.stop());

  it('sends a request where l5d-dst-override says, by mTLS, without the header', async () => {
    const before = await countSeen('web');
    const answer = await get(toWeb(), '/x', { host: 'shop.example', 'l5d-dst-override': API });
    expect(answer.status).toBe(200);
    const { headers } = readEcho(answer.body);
    expect(headers).toMatchObject({
      host: 'shop.example',
      'l5d-client-id': expect.stringMatching(/^ingress\.shop\./),
    });
    expect(Object.keys(headers)).not.toContain('l5d-dst-override');
    expect(await countSeen('web')).toBe(before);
  });

  it('sends those of one connection to where each of them says, and the others where they were going', async () => {
    const before = { web: await countSeen('web'), api: await countSeen('api') };
    const connection = openRaw(toWeb());
    for (const [at, override] of [API, undefined, API].entries()) {
      const had = connection.received().length;
      const header = override === undefined ? '' : `l5d-dst-override: ${override}\r\n`;
      connection.send(`GET /${at} HTTP/1.1\r\nhost: shop.example\r\n${header}\r\n`);
      await connection.until((bytes) => bytes.subarray(had).toString('latin1').endsWith('"body":""}'));
      expect(readAnswer(connection.received().subarray(had).toString('latin1')).status).toBe(200);
    }
    connection.close();
    expect((await countSeen('web')) - before.web).toBe(1);
    expect((await countSeen('api')) - before.api).toBe(2);
  });

  it('does so for HTTP/2', async () => {
    const session = openSession(toWeb(H2_PORT));
    const ask = (path: string, override: string) =>
      new Promise<string>((resolve, reject) => {
        const stream = session.request({ ':path': path, 'l5d-dst-override': override });
        let body = '';
        stream.setEncoding('latin1');
        stream.on('data', (chunk: string) => {
          body += chunk;
        });
        stream.on('end', () => resolve(body));
        stream.on('error', reject);
      });
    const override = `api.shop.svc.cluster.local:${H2_PORT}`;
    const echoes = await Promise.all(['/a', '/b'].map((path) => ask(path, override)));
    for (const body of echoes) expect(Object.keys(readEcho(body).headers)).not.toContain('l5d-dst-override');
    session.destroy();
    // The HTTP/1 and HTTP/2 servers of an app count together.
    expect(readEcho(echoes[0] ?? '').headers['l5d-client-id']).toMatch(/^ingress\.shop\./);
  });

  it('answers 500, without a reason, for a name that leads nowhere', async () => {
    const answer = await get(toWeb(), '/', { 'l5d-dst-override': 'nowhere.shop.svc.cluster.local:80' });
    expect(answer.status).toBe(500);
    expect([...answer.headers.keys()]).not.toContain('l5d-proxy-error');
  });

  it('appears in the access logs of the servers', async () => {
    const logOf = (name: string) => mesh.readLog(mesh.pod(name), 'linkerd-proxy');
    await waitUntil('the line in JSON', () => logOf('api').includes('"uri":"http://shop.example/x"'), 15_000);
    const line = logOf('api')
      .split('\n')
      .find((text) => text.includes('"uri":"http://shop.example/x"'));
    const entry = JSON.parse(line?.slice(line.indexOf('{')) ?? '{}') as Record<string, unknown>;
    expect(entry).toMatchObject({ method: 'GET', version: 'HTTP/2.0', status: 200 });
    expect(entry['client.id']).toMatch(/^ingress\.shop\./);
    expect(logOf('web')).toMatch(
      / ingress\.shop\.\S+ - \[\S+Z\] "GET http:\/\/shop\.example\/1 HTTP\/2\.0" 200/,
    );
  });
});
