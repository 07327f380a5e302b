import { spawn, spawnSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { expect, test } from 'vitest';
import { seededRandom } from '#lib/base';
import { parseClientHello } from './client-hello.ts';

/** The first bytes that `dial` sends to a port. */
async function capture(dial: (port: number) => () => void): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hello = new Promise<Buffer>((resolve) => {
    server.on('connection', (socket) => {
      const chunks: Buffer[] = [];
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        const all = Buffer.concat(chunks);
        if (all.length >= 5 + all.readUInt16BE(3)) {
          socket.destroy();
          resolve(all);
        }
      });
    });
  });
  const stop = dial((server.address() as AddressInfo).port);
  const bytes = await hello;
  stop();
  await new Promise((resolve) => server.close(resolve));
  return bytes;
}

const captureNode = (options: ConnectionOptions) =>
  capture((port) => {
    const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    socket.on('error', () => {});
    return () => socket.destroy();
  });

const captureOpenssl = (args: readonly string[]) =>
  capture((port) => {
    const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], {
      stdio: 'ignore',
    });
    return () => child.kill();
  });

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

function expectWholeOnly(
  hello: Buffer,
  expected: { sni: string | undefined; alpn: readonly string[] },
): void {
  expect(parseClientHello(hello)).toEqual({ kind: 'tls', ...expected });
  for (let cut = 0; cut < hello.length; cut++) {
    expect(parseClientHello(hello.subarray(0, cut)).kind, `cut at ${cut}`).toBe('incomplete');
  }
  // What follows (early data) does not matter.
  expect(parseClientHello(Buffer.concat([hello, Buffer.from([23, 3, 3, 0, 1, 0])]))).toMatchObject(expected);
}

test('parseClientHello() reads the hello of node:tls, and waits at every boundary', async () => {
  const sni = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
  expectWholeOnly(await captureNode({ servername: sni }), { sni, alpn: [] });
  expectWholeOnly(
    await captureNode({ servername: 'Web.Shop', ALPNProtocols: ['transport.l5d.io/v1', 'h2'] }),
    {
      sni: 'web.shop',
      alpn: ['transport.l5d.io/v1', 'h2'],
    },
  );
  expectWholeOnly(await captureNode({ servername: '' }), { sni: undefined, alpn: [] });
  expectWholeOnly(await captureNode({ servername: 'a.b', maxVersion: 'TLSv1.2' }), { sni: 'a.b', alpn: [] });
});

test('parseClientHello() reads a hello with a hybrid key share, larger than a segment', async () => {
  const hello = await captureNode({ servername: 'a.b', ecdhCurve: 'X25519MLKEM768:X25519' });
  expect(hello.length).toBeGreaterThan(1460);
  expectWholeOnly(hello, { sni: 'a.b', alpn: [] });
});

test.skipIf(!hasOpenssl)('parseClientHello() reads the hello of openssl s_client', async () => {
  expectWholeOnly(await captureOpenssl(['-servername', 'a.example', '-alpn', 'h2,http/1.1']), {
    sni: 'a.example',
    alpn: ['h2', 'http/1.1'],
  });
  expectWholeOnly(await captureOpenssl(['-noservername', '-tls1_2']), { sni: undefined, alpn: [] });
});

test('parseClientHello() knows early what is no hello', () => {
  for (const bytes of [
    'GET / HTTP/1.1\r\n',
    'PRI * HTTP/2.0',
    '\x17\x03\x03',
    '\x16\x02\x00',
    '\x16\x03\x00',
    '\x16\x03\x04',
    '\x16\x03\x01\x00\x04\x02',
    // Longer than allowed, longer and shorter than its record.
    '\x16\x03\x01\x20\x00\x01\x00\x1f\xfc',
    '\x16\x03\x01\x00\x10\x01\x00\x00\x20',
    '\x16\x03\x01\x00\x10\x01\x00\x00\x02',
  ]) {
    expect(parseClientHello(Buffer.from(bytes, 'latin1')).kind, JSON.stringify(bytes)).toBe('not-tls');
  }
  expect(parseClientHello(Buffer.alloc(0)).kind).toBe('incomplete');
});

test('a server name that is no DNS name counts as none', async () => {
  const hello = await captureNode({ servername: 'aaaa.bbb' });
  const renamed = (name: string) =>
    parseClientHello(Buffer.from(hello.toString('latin1').replace('aaaa.bbb', name), 'latin1'));
  expect(renamed('cccc.ddd')).toMatchObject({ sni: 'cccc.ddd' });
  for (const name of ['10.0.0.1', 'a..b.cde', 'a b.cdef', '-aaa.bbb', 'aaaa.bb\0', 'ab\xe9d.efg']) {
    expect(renamed(name), name).toMatchObject({ kind: 'tls', sni: undefined });
  }
});

test('20,000 mutated hellos never throw', async () => {
  const hello = await captureNode({ servername: 'a.b', ALPNProtocols: ['h2'] });
  const random = seededRandom(7);
  const kinds = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(hello.subarray(0, hello.length - Math.floor(random() * 3)));
    for (let n = Math.floor(random() * 4); n >= 0; n--) {
      const at = random() < 0.5 ? Math.floor(random() * 120) : Math.floor(random() * bytes.length);
      bytes[at] = Math.floor(random() * 256);
    }
    const { kind } = parseClientHello(bytes);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  expect([...kinds.keys()].sort()).toEqual(['incomplete', 'not-tls', 'tls']);
});
