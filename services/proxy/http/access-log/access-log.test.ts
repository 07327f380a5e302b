import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AppClients } from '../../inbound/app-clients.ts';
import { createConnection } from '../../inbound/connection.testing.ts';
import { InboundHandler } from '../../inbound/http-handler.ts';
import { closeApps, RawClient, serveHandler, startNodeApp } from '../../inbound/ways.testing.ts';
import { Field } from '../field.ts';
import { RequestHead, ResponseHead, VERSION } from '../head.ts';
import { AccessLog } from './access-log.ts';
import { LineWriter } from './line-writer.ts';
import { type AccessRecord, formatApache, formatJson } from './record.ts';

afterAll(closeApps);

function headOf(changes: Partial<RequestHead> = {}): RequestHead {
  return new RequestHead({
    method: 'GET',
    scheme: 'http',
    authority: 'web:7000',
    path: '/authors?page=2',
    version: VERSION.http11,
    fields: [],
    bodyLength: 0,
    absoluteForm: false,
    upgrade: '',
    repeated: false,
    ...changes,
  });
}

function recordOf(changes: Partial<AccessRecord> = {}): AccessRecord {
  return {
    clientAddress: '10.42.0.63:51160',
    clientId: 'traffic.shop',
    receivedMs: 1_661_286_500_071.809,
    head: headOf(),
    response: new ResponseHead({
      status: 200,
      version: VERSION.http11,
      fields: [new Field('content-length', '19627')],
      bodyLength: 19_627,
      repeated: false,
    }),
    totalMs: 14.441135,
    processingMs: 0.039826,
    ...changes,
  };
}

describe('formatApache()', () => {
  it('writes a line of address, identity, time, request and status', () => {
    expect(formatApache(recordOf())).toBe(
      '10.42.0.63:51160 traffic.shop - [2022-08-23T20:28:20.071809Z] "GET /authors?page=2 HTTP/1.1" 200\n',
    );
  });

  it('says scheme and authority where the client did', () => {
    const uriOf = (changes: Partial<RequestHead>) =>
      /"(.*)"/.exec(formatApache(recordOf({ head: headOf(changes) })))?.[1];
    expect(uriOf({ version: VERSION.http2 })).toBe('GET http://web:7000/authors?page=2 HTTP/2.0');
    expect(uriOf({ absoluteForm: true, version: VERSION.http10 })).toBe(
      'GET http://web:7000/authors?page=2 HTTP/1.0',
    );
    expect(uriOf({ method: 'CONNECT', path: '' })).toBe('CONNECT web:7000 HTTP/1.1');
  });

  it('lets no client write lines of its own', () => {
    const line = formatApache(recordOf({ head: headOf({ path: '/"\n\x1b[31m\\é' }) }));
    expect(line).toContain('"GET /\\"\\x0a\\x1b[31m\\\\\\xe9 HTTP/1.1" 200\n');
  });

  it('has no status where there is none', () => {
    expect(formatApache(recordOf({ response: undefined }))).toMatch(/HTTP\/1\.1" \n$/);
  });
});

describe('formatJson()', () => {
  it('writes one object with every field; what is absent is empty', () => {
    const fields = [
      new Field('x-request-id', 'r1'),
      new Field('x-amzn-trace-id', 'a1'),
      new Field('user-agent', 'curl/8'),
      new Field('content-length', '3'),
    ];
    const head = headOf({ fields, method: 'POST' });
    expect(JSON.parse(formatJson(recordOf({ head })))).toEqual({
      timestamp: '2022-08-23T20:28:20.071809Z',
      'client.addr': '10.42.0.63:51160',
      'client.id': 'traffic.shop',
      method: 'POST',
      uri: '/authors?page=2',
      version: 'HTTP/1.1',
      trace_id: 'r1',
      request_bytes: '3',
      user_agent: 'curl/8',
      host: 'web:7000',
      status: 200,
      response_bytes: '19627',
      total_ns: '14441135',
      processing_ns: '39826',
    });
    expect(JSON.parse(formatJson(recordOf()))).toMatchObject({
      trace_id: '',
      request_bytes: '',
      user_agent: '',
    });
  });

  it('leaves out what was not to be had', () => {
    const line = JSON.parse(formatJson(recordOf({ response: undefined }))) as object;
    expect(Object.keys(line)).not.toContain('status');
    expect(Object.keys(line)).not.toContain('total_ns');
  });
});

describe('AccessLog', () => {
  const path = join(tmpdir(), `access-log-${process.pid}`);

  it('tells of requests that were answered, refused and given up, once each, when the response begins', async () => {
    const fd = openSync(path, 'w');
    const writer = new LineWriter(fd);
    const { connection } = createConnection();
    const app = await startNodeApp((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(201);
      // The line is there before the body.
      response.write('a');
      setTimeout(() => response.end('b'), 50);
    });
    const context = { ...connection.context, accessLog: new AccessLog('apache', writer) };
    const target = { host: '127.0.0.1', port: app.port };
    const clients = new AppClients(context);
    const handlerOf = (changes: object = {}) =>
      new InboundHandler({ ...connection, context, target, app: clients.get(target), ...changes });
    const port = await serveHandler(handlerOf());
    const client = new RawClient(port);
    client.send('GET /ok HTTP/1.1\r\nhost: web\r\n\r\n');
    await client.receive(/201 Created[\s\S]*\r\n\r\n1\r\na/);
    await writer.settle(5000);
    expect(readFileSync(path, 'utf8')).toMatch(
      /^10\.0\.0\.5:4321 cart\.shop - \[[^\]]+Z\] "GET \/ok HTTP\/1\.1" 201\n$/,
    );
    await client.receive(/\r\n0\r\n\r\n$/);
    client.send('GET /silent HTTP/1.1\r\nhost: web\r\n\r\n');
    await once(app.server, 'request');
    client.socket.resetAndDestroy();
    const gone = { host: '127.0.0.1', port: 1 };
    const refused = new RawClient(await serveHandler(handlerOf({ target: gone, app: clients.get(gone) })));
    refused.send('GET /gone HTTP/1.1\r\nhost: web\r\n\r\n');
    await refused.receive(/502 Bad Gateway/);
    const linesOf = () => readFileSync(path, 'utf8').trimEnd().split('\n');
    await expect.poll(() => linesOf().length, { timeout: 8000 }).toBe(3);
    const ends = linesOf().map((line) => line.replace(/^.*?"/, '"'));
    expect(ends.sort()).toEqual([
      '"GET /gone HTTP/1.1" 502',
      '"GET /ok HTTP/1.1" 201',
      '"GET /silent HTTP/1.1" ',
    ]);
    closeSync(fd);
    rmSync(path);
  });
});

describe('LineWriter', () => {
  it('writes the lines of a turn at once, in order', async () => {
    const path = join(tmpdir(), `line-writer-${process.pid}`);
    const fd = openSync(path, 'w');
    const writer = new LineWriter(fd);
    for (let at = 0; at < 100; at++) writer.write(`${at}\n`);
    expect(readFileSync(path, 'utf8')).toBe('');
    await writer.settle(5000);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(101);
    expect(writer.dropped).toBe(0);
    closeSync(fd);
    rmSync(path);
  });

  it('drops lines, and counts them, where nobody takes them', () => {
    const writer = new LineWriter(openSync('/dev/null', 'w'));
    const line = `${'x'.repeat(1023)}\n`;
    for (let at = 0; at < 2000; at++) writer.write(line);
    expect(writer.dropped).toBe(2000 - 1024);
  });
});
