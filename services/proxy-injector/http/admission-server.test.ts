import { connect as connectHttp2 } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPod } from '../fixtures/pods.ts';
import { buildReview, call, review } from '../testing/api-caller.ts';
import { type RunningInjector, runInjector, until } from '../testing/injector.ts';

const MAX_BYTES = 2_000_000;
const servername = 'linkerd-proxy-injector.linkerd.svc';

describe('the webhook server', () => {
  let injector: RunningInjector;
  beforeAll(async () => {
    injector = await runInjector({
      limits: { maxBytes: MAX_BYTES, timeoutMs: 400, maxBytesAtOnce: 3_000_000 },
    });
  });
  afterAll(() => injector.close());

  /** It still does its work. */
  const expectAlive = async () =>
    expect((await review(injector, buildPod())).patch.length).toBeGreaterThan(5);

  const open = (options: ConnectionOptions = {}): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: injector.port,
        servername,
        ca: injector.caBundle(),
        ...options,
      });
      socket.once('secureConnect', () => resolve(socket)).once('error', reject);
    });

  it('speaks TLS 1.3 and nothing older', async () => {
    const socket = await open();
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
    await expect(open({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    await expectAlive();
  });

  it('speaks HTTP/2 to those who ask for it', async () => {
    const session = connectHttp2(`https://127.0.0.1:${injector.port}`, {
      servername,
      ca: injector.caBundle(),
    });
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.end(JSON.stringify(buildReview(buildPod())));
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    expect(JSON.parse(text).response).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
    session.close();
  });

  it.each([
    ['no JSON', 'not json', 'The body is no AdmissionReview: it is not JSON'],
    ['half of it', JSON.stringify(buildReview(buildPod())).slice(0, 500), 'it is not JSON'],
    ['null', 'null', 'it is not a JSON object'],
    ['a list', '[]', 'it is not a JSON object'],
    ['another kind', '{"kind":"Pod"}', 'its kind is "Pod"'],
    [
      'another version',
      '{"apiVersion":"admission.k8s.io/v3"}',
      'its apiVersion is "admission.k8s.io/v3", not',
    ],
    ['no request', '{"kind":"AdmissionReview"}', 'it has no request'],
    ['no uid', '{"request":{}}', 'its request has no uid'],
    ['bytes', Buffer.from([0xff, 0xfe, 0, 1, 2]), 'it is not JSON'],
  ])('answers 400 and what is wrong: %s', async (_what, body, sentence) => {
    const answer = await call(injector, body);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(sentence);
  });

  it('answers nothing to nothing, and does not mind what the body is called', async () => {
    expect(await call(injector, '')).toEqual({ status: 200, text: '' });
    for (const headers of [{}, { 'content-type': 'text/plain' }, { 'content-type': ';;;' }]) {
      const answer = await call(injector, JSON.stringify(buildReview(buildPod())), { headers });
      expect(JSON.parse(answer.text).response.allowed).toBe(true);
    }
  });

  it('has one path and one method', async () => {
    expect(await call(injector, '', { path: '/other' })).toMatchObject({ status: 404 });
    const answer = await call(injector, '', { method: 'GET' });
    expect(answer).toMatchObject({ status: 405, text: expect.stringContaining('POST an AdmissionReview') });
  });

  it.each([
    ['no spec', { kind: 'Pod' }, 'it has no spec'],
    ['no containers', { kind: 'Pod', spec: {} }, 'spec.containers is no list'],
    [
      'odd containers',
      { kind: 'Pod', spec: { containers: [null] } },
      'spec.containers is no list of named items',
    ],
    [
      'odd annotations',
      { ...buildPod(), metadata: { annotations: { a: 1 } } },
      'metadata.annotations is no map of texts',
    ],
    ['odd ports', { kind: 'Service', spec: { ports: 5 } }, 'spec.ports is no list'],
    ['a text for an object', { kind: 'Service', spec: 'x' }, 'it has no spec'],
  ])('denies what it cannot read: %s', async (_what, object, sentence) => {
    const { response } = await review(injector, object as never);
    expect(response).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining(sentence) },
    });
  });

  it('survives objects that are nested beyond reason', async () => {
    const deep = `${'['.repeat(300_000)}${']'.repeat(300_000)}`;
    const body = JSON.stringify(buildReview(buildPod())).replace('"serviceAccountName":"web"', `"x":${deep}`);
    const answer = await call(injector, body);
    expect([200, 400]).toContain(answer.status);
    await expectAlive();
  });

  it('answers 413 to what is too large, or far too much for its size', async () => {
    const large = await call(injector, Buffer.alloc(MAX_BYTES + 1, 0x20));
    expect(large).toEqual({ status: 413, text: `The body is larger than ${MAX_BYTES} bytes.\n` });
    const many = await call(injector, `[${'[],'.repeat(600_000)}[]]`);
    expect(many).toMatchObject({ status: 413, text: expect.stringContaining('more than 500000 values') });
    await expectAlive();
  });

  it('answers 408 to a body that does not come', async () => {
    const socket = await open();
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"kind"');
    await until(() => text.includes('408'), 'the answer');
    expect(text).toContain('The body did not come within 0.4 s.');
    await until(() => socket.readableEnded || socket.destroyed, 'the end of the connection');
  });

  it('survives clients that vanish, and noise', async () => {
    const vanishing = await open();
    vanishing.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"kind"');
    await sleep(20);
    vanishing.destroy();
    const noisy = await open();
    noisy.on('error', () => {});
    noisy.end('\0\x01\x02 no HTTP at all\r\n\r\n');
    await sleep(50);
    await expectAlive();
    expect(await injector.metrics()).toMatch(/proxy_injector_http_refusals_total\{reason="too_large"\}/);
  });
});

describe('a webhook server that ends', () => {
  it('answers what is under way, and waits for no idle connection', async () => {
    const injector = await runInjector();
    const session = connectHttp2(`https://127.0.0.1:${injector.port}`, {
      servername,
      ca: injector.caBundle(),
    });
    const ended = new Promise((resolve) => session.once('close', resolve));
    await new Promise((resolve) => session.once('connect', resolve));
    const idle = connect({ host: '127.0.0.1', port: injector.port, servername, ca: injector.caBundle() });
    await new Promise((resolve) => idle.once('secureConnect', resolve));
    const slow = connect({ host: '127.0.0.1', port: injector.port, servername, ca: injector.caBundle() });
    let text = '';
    slow.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const body = JSON.stringify(buildReview(buildPod()));
    slow.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`);
    await sleep(200);
    const startMs = performance.now();
    const closed = injector.close();
    await sleep(200);
    slow.write(body.slice(10));
    await closed;
    expect(performance.now() - startMs).toBeLessThan(8000);
    await until(() => text.includes('"allowed":true'), 'the answer');
    await ended;
  });
});
