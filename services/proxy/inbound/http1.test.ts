import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closeLoopback, until } from '../transport/loopback.testing.ts';
import {
  closeApps,
  openWay,
  RawClient,
  startNodeApp,
  startRawApp,
  WAYS,
  type WayOptions,
} from './ways.testing.ts';

afterEach(() => {
  closeLoopback();
  closeApps();
});

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const hasHead = (text: string) => text.includes('\r\n\r\n');

/** An app that resets the connection, perhaps after a part of its answer. */
const dying = (answer: string) =>
  startRawApp((socket, text) => {
    if (!hasHead(text)) return;
    if (answer === '') socket.resetAndDestroy();
    else socket.write(answer, () => socket.resetAndDestroy());
  });

describe.each(WAYS)('HTTP/1 by way of %s', (way) => {
  /** An app that answers every head with the same bytes. */
  async function openTo(response: string, options: WayOptions & { thenEnd?: boolean } = {}) {
    const answered = new Map<Socket, number>();
    const app = await startRawApp((socket, text) => {
      const heads = text.split('\r\n\r\n').length - 1;
      for (let at = answered.get(socket) ?? 0; at < heads; at++) {
        if (options.thenEnd) socket.end(response, 'latin1');
        else socket.write(response, 'latin1');
      }
      answered.set(socket, heads);
    });
    const { port } = await openWay(way, app.port, options);
    return { app, port, client: new RawClient(port) };
  }

  describe('of the old kind', () => {
    it('closes after the response to an HTTP/1.0 client, and asks the app in HTTP/1.0 by a connection of its own', async () => {
      const { app, client } = await openTo(OK);
      client.send('GET /a HTTP/1.0\r\nHost: web\r\nX: y\r\n\r\n');
      expect(await client.receiveAll()).toBe(
        'HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok',
      );
      expect(app.received[0]).toMatch(/^GET \/a HTTP\/1\.0\r\nhost: web\r\nx: y\r\n/);
      await until(
        () => app.sockets[0]?.destroyed === true || app.sockets[0]?.readableEnded === true,
        'a close',
      );
    });

    it('keeps the connection of an HTTP/1.0 client that asks for it', async () => {
      const { client } = await openTo(OK);
      const request = 'GET / HTTP/1.0\r\nHost: web\r\nConnection: keep-alive\r\n\r\n';
      client.send(request);
      const first = 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok';
      expect(await client.receive(/ok$/)).toBe(first);
      client.send(request);
      expect(await client.receive(/ok.*ok$/s)).toBe(first + first);
      expect(client.ended).toBe(false);
    });

    it.each([
      ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nconnection: close\r\n\r\nto the end'],
      ['HTTP/1.1', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nto the end\r\n0\r\n\r\n'],
    ])('passes a body that the end of the connection ends to an %s client', async (version, expected) => {
      const { client } = await openTo('HTTP/1.0 200 OK\r\n\r\nto the end', { thenEnd: true });
      client.send(`GET / ${version}\r\nHost: web\r\n\r\n`);
      await client.receive(version === 'HTTP/1.0' ? /end$/ : /0\r\n\r\n$/);
      // The end may come in a chunk of its own.
      expect((await client.receive(/end/)).replace(/\r\n0\r\n\r\n$/, '')).toBe(
        expected.replace(/\r\n0\r\n\r\n$/, ''),
      );
      if (version === 'HTTP/1.0') await client.receiveAll();
    });

    it('passes an HTTP/1.0 body up, and takes an app that keeps HTTP/1.0 connections', async () => {
      const kept = 'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok';
      const { app, port, client } = await openTo(kept);
      client.send('POST / HTTP/1.0\r\nHost: web\r\nContent-Length: 4\r\n\r\nbody');
      expect(await client.receiveAll()).toMatch(/^HTTP\/1\.0 200 OK\r\n.*ok$/s);
      expect(app.received[0]).toMatch(/^POST \/ HTTP\/1\.0\r\n.*\r\n\r\nbody$/s);
      const modern = new RawClient(port);
      modern.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      expect(await modern.receive(/ok$/)).toBe(OK);
    });
  });

  describe('in absolute form', () => {
    it('goes to the app as it came, with the authority of the target for Host', async () => {
      const { app, client } = await openTo(OK);
      client.send('GET http://web.example:81/x?y HTTP/1.1\r\nHost: other\r\n\r\n');
      expect(await client.receive(/ok$/)).toBe(OK);
      expect(app.received[0]).toMatch(
        /^GET http:\/\/web\.example:81\/x\?y HTTP\/1\.1\r\nhost: web\.example:81\r\n(?!.*other)/s,
      );
    });

    it('keeps to connections of its own', async () => {
      const { app, client } = await openTo(OK);
      client.send('GET /origin HTTP/1.1\r\nHost: web\r\n\r\n');
      await client.receive(/ok$/);
      client.send('GET http://web/absolute HTTP/1.1\r\nHost: web\r\n\r\n');
      await client.receive(/ok.*ok$/s);
      if (way === 'outbound') expect(app.sockets.length).toBeGreaterThan(0);
      else expect(app.sockets).toHaveLength(2);
    });
  });

  describe('with 1xx', () => {
    const EARLY = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n';

    it('passes early hints and other 1xx before the response', async () => {
      const { client } = await openTo(`${EARLY}HTTP/1.1 102 Processing\r\n\r\n${OK}`);
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      expect(await client.receive(/ok$/)).toBe(`${EARLY}HTTP/1.1 102 Processing\r\n\r\n${OK}`);
    });

    it('spares an HTTP/1.0 client', async () => {
      const { client } = await openTo(EARLY + OK);
      client.send('GET / HTTP/1.0\r\nHost: web\r\n\r\n');
      expect(await client.receiveAll()).toMatch(/^HTTP\/1\.0 200 OK/);
    });

    it('gives up an app that sends nothing else', async () => {
      const { client } = await openTo(EARLY.repeat(150));
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      expect(await client.receive(/HTTP\/1\.1 502/)).toContain('HTTP/1.1 502 Bad Gateway');
    });

    const POST = 'POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n';

    it('asks the app, whose 100 lets the body go', async () => {
      const app = await startRawApp((socket, text) => {
        if (text.endsWith('body')) socket.write(OK);
        else if (hasHead(text)) setTimeout(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 20);
      });
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send(POST);
      await client.receive(/100 Continue\r\n\r\n$/);
      expect(app.received[0]).toMatch(/expect: 100-continue/);
      client.send('body');
      expect(await client.receive(/ok$/)).toBe(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
      expect(client.ended).toBe(false);
    });

    it('passes a refusal before the body, which never comes', async () => {
      const { app, client } = await openTo('HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n');
      client.send(POST);
      expect(await client.receiveAll()).toBe(
        'HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      );
      expect(app.received[0]).not.toContain('body');
    });

    it('asks for the body itself when the app says nothing', async () => {
      const app = await startRawApp((socket, text) => {
        if (text.endsWith('body')) socket.write(OK);
      });
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send(POST);
      await client.receive(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      client.send('body');
      expect(await client.receive(/ok$/)).toMatch(/ok$/);
    });
  });

  describe('that leaves HTTP', () => {
    const UPGRADE =
      'GET /chat HTTP/1.1\r\nHost: web\r\nConnection: Upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n';
    const SWITCHING =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n';

    /** Switches, then gives back in capitals what it gets, line by line. */
    const startEcho = (answer: string) => {
      const said = new Map<Socket, number>();
      return startRawApp((socket, text) => {
        const start = text.indexOf('\r\n\r\n') + 4;
        if (start < 4) return;
        if (!said.has(socket)) {
          said.set(socket, start);
          socket.once('end', () => socket.end('BYE'));
          socket.write(answer);
        }
        const end = text.lastIndexOf('\n') + 1;
        socket.write(text.slice(said.get(socket), end).toUpperCase());
        said.set(socket, end);
      });
    };

    it.each([
      ['a WebSocket', UPGRADE, SWITCHING],
      [
        'CONNECT',
        'CONNECT web:80 HTTP/1.1\r\nHost: web\r\n\r\n',
        'HTTP/1.1 200 Connected\r\nContent-Length: 5\r\n\r\n',
      ],
    ])('%s: a tunnel of bytes both ways, until each side has ended', async (name, request, answer) => {
      const app = await startEcho(answer);
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      // What is said behind the request belongs to the tunnel.
      client.send(`${request}first\n`);
      await client.receive(/FIRST\n$/);
      client.send('GET /smuggled HTTP/1.1\r\n\r\n');
      await client.receive(/\/SMUGGLED HTTP\/1.1\r\n/);
      client.socket.end('last\n');
      const all = await client.receiveAll();
      expect(all).toMatch(/LAST\nBYE$/);
      const head = all.slice(0, all.indexOf('\r\n\r\n'));
      if (name === 'CONNECT') {
        expect(app.received[0]).toMatch(/^CONNECT web:80 HTTP\/1\.1\r\nhost: web:80\r\n/);
        expect(head).toBe('HTTP/1.1 200 OK');
      } else {
        expect(app.received[0]).toMatch(/\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
        expect(app.received[0]).toMatch(/\r\nsec-websocket-key: k\r\n/);
        expect(app.received[0]).not.toMatch(/x-hop|l5d-orig-proto/);
        expect(head).toBe(
          'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: a',
        );
      }
      await until(() => client.socket.destroyed && app.sockets.every((s) => s.destroyed), 'all closed');
    });

    it('lets the app finish first, and the client go on', async () => {
      const app = await startRawApp((socket, text) => {
        if (!text.includes('upgrade') || !hasHead(text)) return;
        if (socket.writableEnded) return;
        socket.end(`${SWITCHING}done`);
      });
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send(UPGRADE);
      expect(await client.receiveAll()).toMatch(/done$/);
      client.send('still here');
      await until(() => app.received[0]?.endsWith('still here') === true, 'what was said after');
      client.socket.end();
      await until(() => app.sockets[0]?.destroyed === true, 'the end');
    });

    it.each(['the app', 'the client'])('%s breaking off breaks off the other side', async (who) => {
      const app = await startRawApp((socket, text) => {
        if (hasHead(text)) socket.write(SWITCHING);
      });
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send(UPGRADE);
      await client.receive(/accept: a\r\n\r\n/);
      if (who === 'the app') {
        app.sockets[0]?.resetAndDestroy();
        await until(() => client.wasReset, 'a reset');
      } else {
        let wasReset = false;
        app.sockets[0]?.on('error', () => {
          wasReset = true;
        });
        client.socket.resetAndDestroy();
        await until(() => wasReset || app.sockets[0]?.readableEnded === true, 'an end');
      }
    });

    it('carries megabytes each way, held back by whoever reads slowly', async () => {
      const size = 30_000_000;
      let got = 0;
      const app = await startRawApp(() => {});
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send(UPGRADE);
      await until(() => hasHead(app.received[0] ?? ''), 'the request');
      const [socket] = app.sockets;
      socket?.removeAllListeners('data').on('data', (chunk) => {
        got += chunk.length;
      });
      socket?.pause().write(SWITCHING);
      await client.receive(/accept: a\r\n\r\n/);
      client.socket.write(Buffer.alloc(size));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(client.socket.writableLength).toBeGreaterThan(0);
      socket?.resume();
      await until(() => got === size, 'all bytes', 8000);
      let back = 0;
      client.socket.removeAllListeners('data').on('data', (chunk) => {
        back += chunk.length;
      });
      client.socket.pause();
      socket?.write(Buffer.alloc(size));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(socket?.writableLength).toBeGreaterThan(0);
      client.socket.resume();
      await until(() => back === size, 'all bytes back', 8000);
    });

    it('stays HTTP where the app does not switch', async () => {
      const { client } = await openTo(OK);
      client.send(UPGRADE);
      expect(await client.receive(/ok$/)).toBe(OK);
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      expect(await client.receive(/ok.*ok$/s)).toBe(OK + OK);
    });

    it('never becomes HTTP/2: h2c is not passed on', async () => {
      const { app, client } = await openTo(OK);
      client.send(
        'GET / HTTP/1.1\r\nHost: web\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
      );
      expect(await client.receive(/ok$/)).toBe(OK);
      expect(app.received[0]).not.toMatch(/upgrade|settings/i);
    });

    it('is no way out for an app that was not asked', async () => {
      const { client } = await openTo(SWITCHING);
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      expect(await client.receiveAll()).toMatch(/^HTTP\/1\.1 502/);
    });
  });

  describe('in its headers and bodies', () => {
    it('keeps TE: trailers and trailers; drops what is for one hop', async () => {
      const { app, client } = await openTo(
        'HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nProxy-Connection: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n',
      );
      client.send(
        'GET / HTTP/1.1\r\nHost: web\r\nTE: gzip, trailers\r\nConnection: te, x-mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n\r\n',
      );
      const text = await client.receive(/\r\n\r\n$/);
      await client.receive(/0\r\n.*\r\n\r\n$/s);
      expect(client.text).toMatch(/x-sum: 7\r\n\r\n$/);
      expect(text).not.toMatch(/x-hop|keep-alive|upgrade|proxy-connection/i);
      expect(app.received[0]).toMatch(/\r\nte: trailers\r\n/);
      expect(app.received[0]).not.toMatch(/x-mine|keep-alive|proxy-connection|gzip/i);
    });

    it('has no body with HEAD, 204 and 304, whatever they say', async () => {
      const app = await startRawApp((socket, text) => {
        const status = / \/(\d+) [^/]*\/1\.1\r\n[^/]*$/.exec(text)?.[1];
        if (text.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 4\r\n\r\n`);
      });
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      for (const [index, request] of ['HEAD /200', 'GET /204', 'GET /304'].entries()) {
        client.send(`${request} HTTP/1.1\r\nHost: web\r\n\r\n`);
        await until(() => client.text.split('\r\n\r\n').length === index + 2, 'a response');
      }
      const text = await client.receive(/304/);
      expect(text).toBe(
        'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\n',
      );
      expect(client.ended).toBe(false);
    });
  });

  describe('with sides that end early', () => {
    it('answers a client that has finished writing, also what it had asked for behind', async () => {
      const { port } = await startNodeApp((request, response) =>
        setTimeout(() => response.end(`<${request.url}>`), 50),
      );
      const client = new RawClient((await openWay(way, port)).port);
      client.socket.end(
        ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: web\r\n\r\n`).join(''),
      );
      expect((await client.receiveAll()).match(/<[^>]*>/g)).toEqual(['</1>', '</2>', '</3>']);
    });

    it('cancels the request of a client that went in the middle of it', async () => {
      const app = await startRawApp(() => {});
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send('POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\nfive5');
      await until(() => app.received[0]?.endsWith('five5') === true, 'the request');
      client.socket.end();
      await until(
        () => app.sockets[0]?.readableEnded === true || app.sockets[0]?.destroyed === true,
        'a close',
      );
    });

    it('passes the answer of an app that wants no more of the body and closes', async () => {
      const answer = 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig';
      let answered = 0;
      const app = await startRawApp((socket, text) => {
        if (!hasHead(text) || answered++ > 0) return;
        socket.end(answer);
      });
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send('POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4000000\r\n\r\n');
      client.socket.write(Buffer.alloc(1_000_000));
      expect(await client.receive(/big$/)).toMatch(/^HTTP\/1\.1 413 Content Too Large\r\n.*\r\n\r\nbig$/s);
      // Nobody is left waiting, nor another request's client.
      const next = new RawClient(port);
      answered = 0;
      next.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      await next.receive(/big$/);
    });

    it('takes the answer of an app that has finished writing behind it', async () => {
      const { client } = await openTo(OK, { thenEnd: true });
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      expect(await client.receive(/ok$/)).toBe(OK);
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      expect(await client.receive(/ok.*ok$/s)).toBe(OK + OK);
    });
  });

  describe('with an app that dies', () => {
    it('answers 502 before a response had begun, and says why to who may know', async () => {
      const app = await dying('');
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      const text = await client.receive(/\r\n\r\n$/);
      expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\ncontent-length: 0\r\n/);
      // An unmeshed client hears nothing; behind both proxies the text is for the peer's log.
      expect(/l5d-proxy-error: (.*)\r\n/.exec(text)?.[1] !== undefined).toBe(way === 'outbound');
      expect(await client.receiveAll()).toContain('connection: close');
    });

    it('cuts a response short that had begun', async () => {
      const app = await dying('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfive5');
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\nGET /2 HTTP/1.1\r\nHost: web\r\n\r\n');
      const text = await client.receiveAll();
      expect(text.split('HTTP/1.1').length).toBeLessThanOrEqual(2);
      expect(text.length).toBeLessThan('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfive5five5'.length);
    });

    it('answers what was pipelined before, and nothing behind the failure', async () => {
      const app = await startRawApp((socket, text) => {
        if (text.includes('/2')) socket.resetAndDestroy();
        else if (hasHead(text)) socket.write(OK);
      });
      const { port } = await openWay(way, app.port);
      const client = new RawClient(port);
      client.send(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: web\r\n\r\n`).join(''));
      const text = await client.receiveAll();
      expect(text.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 502']);
      expect(app.received.join('')).not.toContain('/3');
    });
  });
});

it('a failure of one of a Service’s apps does not close the connection of the client', async () => {
  const app = await dying('');
  const { port } = await openWay('mesh', app.port, { isBalanced: true });
  const client = new RawClient(port);
  for (const count of [1, 2]) {
    client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
    await until(() => client.text.split('\r\n\r\n').length > count, 'an answer');
  }
  expect((await client.receive(/502/)).match(/HTTP\/1\.1 502|connection: close|l5d/g)).toHaveLength(2);
  expect(client.ended).toBe(false);
});
