import { describe, expect, it } from 'vitest';
import { seededRandom } from '#lib/base';
import { Field } from '../field.ts';
import { fieldValue, RequestHead, type ResponseHead, UNKNOWN_LENGTH, VERSION } from '../head.ts';
import { DECODED } from './decoder.ts';
import { HpackEncoder } from './encoder.ts';
import { boundOfHead, HeadEncoder } from './head-encoder.ts';
import { createRequestReader, createResponseReader, type HeadReader } from './head-reader.ts';

type Line = readonly [string, string];

const TARGET: Line[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/a'],
  [':authority', 'web:80'],
];

/** A block of literals that nothing remembers. */
function blockOf(lines: readonly Line[]): { bytes: Buffer; start: number; end: number } {
  const parts = lines.map(([name, value]) =>
    Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
  const bytes = Buffer.concat(parts);
  return { bytes, start: 0, end: bytes.length };
}

function readRequest(lines: readonly Line[], end = true): RequestHead | undefined {
  return createRequestReader().readHead(blockOf(lines), end);
}

describe('createRequestReader()', () => {
  it('normalises a request', () => {
    const head = readRequest([
      ...TARGET,
      ['x-a', '1'],
      ['host', 'other'],
      ['te', 'trailers'],
      ['content-length', '0'],
    ]);
    expect(head).toMatchObject({
      method: 'GET',
      scheme: 'http',
      path: '/a',
      authority: 'web:80',
      bodyLength: 0,
    });
    expect(head?.fields.map((field) => field.name)).toEqual(['x-a', 'te', 'content-length']);
  });

  it('takes host where there is no :authority', () => {
    const head = readRequest([...TARGET.slice(0, 3), ['host', 'shop']]);
    expect(head?.authority).toBe('shop');
    expect(head?.fields).toEqual([]);
  });

  it('joins the pieces of a cookie', () => {
    const head = readRequest([...TARGET, ['cookie', 'a=1'], ['x-a', '1'], ['cookie', 'b=2']]);
    expect(fieldValue(head?.fields ?? [], 'cookie')).toBe('a=1; b=2');
  });

  it.each<[string, Line[], number]>([
    ['no body', TARGET, 0],
    ['a length', [...TARGET, ['content-length', '5']], 5],
    ['no length', TARGET, UNKNOWN_LENGTH],
  ])('knows the body length: %s', (_, lines, length) => {
    expect(readRequest(lines, length === 0)?.bodyLength).toBe(length);
  });

  it.each<[string, Line[]]>([
    ['no :method', TARGET.slice(1)],
    ['no :scheme', TARGET.filter(([name]) => name !== ':scheme')],
    ['no :path', TARGET.filter(([name]) => name !== ':path')],
    ['an empty :path', [...TARGET.slice(0, 2), [':path', '']]],
    ['a :path in absolute form', [...TARGET.slice(0, 2), [':path', 'http://a/b']]],
    ['* as the :path of a GET', [...TARGET.slice(0, 2), [':path', '*']]],
    ['a pseudo-header field twice', [...TARGET, [':path', '/b']]],
    ['a pseudo-header field behind a regular one', [['x-a', '1'], ...TARGET]],
    ['an unknown pseudo-header field', [...TARGET, [':protocol', 'websocket']]],
    ['a pseudo-header field of responses', [...TARGET, [':status', '200']]],
    ['connection', [...TARGET, ['connection', 'close']]],
    ['keep-alive', [...TARGET, ['keep-alive', '5']]],
    ['proxy-connection', [...TARGET, ['proxy-connection', 'close']]],
    ['transfer-encoding', [...TARGET, ['transfer-encoding', 'chunked']]],
    ['upgrade', [...TARGET, ['upgrade', 'h2c']]],
    ['te other than trailers', [...TARGET, ['te', 'gzip']]],
    ['two hosts', [...TARGET, ['host', 'a'], ['host', 'b']]],
    ['two content-lengths', [...TARGET, ['content-length', '0'], ['content-length', '1']]],
    ['a content-length with a sign', [...TARGET, ['content-length', '+1']]],
    ['a content-length without a body', [...TARGET, ['content-length', '1']]],
    [
      'CONNECT with a path',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
        [':path', '/'],
      ],
    ],
  ])('refuses %s', (_, lines) => {
    const reader = createRequestReader();
    expect(reader.readHead(blockOf(lines), true)).toBeUndefined();
    expect(reader.outcome).toBe(DECODED.malformed);
  });

  it('remembers a block from its second coming on, by its END_STREAM flag', () => {
    const reader = createRequestReader();
    const block = blockOf(TARGET);
    const [first, second, third] = [1, 2, 3].map(() => reader.readHead(block, true));
    expect(first?.repeated).toBe(false);
    expect(second?.repeated).toBe(true);
    expect(third).toBe(second);
    expect(reader.readHead(block, false)?.bodyLength).toBe(UNKNOWN_LENGTH);
    expect(reader.readHead(block, true)?.bodyLength).toBe(0);
  });

  it('forgets its blocks when the table changes', () => {
    const reader = createRequestReader();
    const pseudo = Buffer.from('828684', 'hex');
    const indexed = Buffer.concat([pseudo, Buffer.from('be', 'hex')]);
    const insert = (value: string) =>
      Buffer.concat([pseudo, Buffer.from([0x40, 1, 0x61, 1]), Buffer.from(value)]);
    const read = (bytes: Buffer) =>
      reader.readHead({ bytes, start: 0, end: bytes.length }, true)?.fields[0]?.value;
    expect(read(insert('1'))).toBe('1');
    expect([read(indexed), read(indexed), read(indexed)]).toEqual(['1', '1', '1']);
    expect(read(insert('2'))).toBe('2');
    expect([read(indexed), read(indexed), read(indexed)]).toEqual(['2', '2', '2']);
  });
});

describe('createResponseReader()', () => {
  const read = (lines: readonly Line[], end = true): ResponseHead | undefined =>
    createResponseReader().readHead(blockOf(lines), end);

  it('keeps the length that an answer to HEAD names', () => {
    expect(
      read([
        [':status', '200'],
        ['content-length', '7'],
      ]),
    ).toMatchObject({ status: 200, bodyLength: 7 });
  });

  it.each<[string, Line[]]>([
    ['no :status', [['x-a', '1']]],
    ['a :status of two digits', [[':status', '20']]],
    ['101', [[':status', '101']]],
    [
      'two of them',
      [
        [':status', '200'],
        [':status', '200'],
      ],
    ],
    [
      'a pseudo-header field of requests',
      [
        [':status', '200'],
        [':path', '/'],
      ],
    ],
    [
      'connection',
      [
        [':status', '200'],
        ['connection', 'close'],
      ],
    ],
  ])('refuses %s', (_, lines) => {
    expect(read(lines)).toBeUndefined();
  });
});

/** An encoder and the reader of its peer. */
class Link {
  readonly encoder = new HeadEncoder(new HpackEncoder());
  readonly reader: HeadReader<RequestHead> = createRequestReader();
  readonly out = Buffer.alloc(65_536);

  encode(head: RequestHead): Buffer {
    const kept = this.encoder.findKept(head);
    if (kept !== undefined) return kept.bytes;
    this.encoder.begin(this.out, 0);
    this.encoder.writeHead(head);
    if (head.repeated) this.encoder.keep(head, this.out);
    expect(this.encoder.hpack.at).toBeLessThanOrEqual(boundOfHead(head));
    return this.out.subarray(0, this.encoder.hpack.at);
  }

  pass(head: RequestHead): RequestHead | undefined {
    const bytes = this.encode(head);
    return this.reader.readHead({ bytes, start: 0, end: bytes.length }, true);
  }
}

function requestOf(fields: Field[], over: Partial<RequestHead> = {}): RequestHead {
  return new RequestHead({
    method: 'GET',
    scheme: 'http',
    authority: 'web.shop.svc.cluster.local:8080',
    path: '/items?page=2',
    version: VERSION.http11,
    bodyLength: 0,
    absoluteForm: false,
    upgrade: '',
    repeated: false,
    ...over,
    fields,
  });
}

const lines = (head: RequestHead | undefined) => head?.fields.map((field) => `${field.name}: ${field.value}`);

describe('HeadEncoder', () => {
  it('writes a head that comes again as indices only', () => {
    const link = new Link();
    const head = requestOf([new Field('user-agent', 'curl/8'), new Field('x-tenant', 'blue')], {
      repeated: true,
    });
    const sizes = [1, 2, 3, 4].map(() => {
      const bytes = Buffer.from(link.encode(head));
      const decoded = link.reader.readHead({ bytes, start: 0, end: bytes.length }, true);
      expect(lines(decoded)).toEqual(['user-agent: curl/8', 'x-tenant: blue']);
      return bytes.length;
    });
    expect(sizes.slice(2)).toEqual([6, 6]);
  });

  it('spends a table entry on what repeats, not on unique ids', () => {
    const link = new Link();
    const agent = new Field('user-agent', 'curl/8');
    const generations = Array.from({ length: 50 }, (_, i) => {
      const head = requestOf([agent, new Field('x-request-id', `id-${i}`)]);
      expect(lines(link.pass(head))).toEqual(['user-agent: curl/8', `x-request-id: id-${i}`]);
      return link.encoder.hpack.generation;
    });
    expect(generations.at(-1)).toBe(generations[3]);
  });

  it('never indexes credentials, and passes never-indexed on', () => {
    const link = new Link();
    const secret = new Field('x-secret', 'hush');
    secret.sensitive = true;
    const fields = [new Field('authorization', 'Bearer abc'), new Field('cookie', 'sid=1'), secret];
    for (let i = 0; i < 3; i++) {
      expect(link.pass(requestOf(fields))?.fields.map((field) => field.sensitive)).toEqual([
        true,
        true,
        true,
      ]);
    }
  });

  it('leaves out what belongs to one hop, and host', () => {
    const fields = ['connection', 'host', 'upgrade', 'transfer-encoding', 'x-a'].map(
      (name) => new Field(name, 'v'),
    );
    expect(lines(new Link().pass(requestOf(fields)))).toEqual(['x-a: v']);
  });

  it('tells the peer of a smaller and a larger table before it uses it', () => {
    const link = new Link();
    const head = requestOf([new Field('user-agent', 'curl/8')]);
    for (let i = 0; i < 3; i++) link.pass(head);
    link.encoder.hpack.setPeerTableBytes(0);
    link.encoder.hpack.setPeerTableBytes(65_536);
    const bytes = Buffer.from(link.encode(head));
    expect([...bytes.subarray(0, 4)]).toEqual([0x20, 0x3f, 0xe1, 0x1f]);
    expect(lines(link.reader.readHead({ bytes, start: 0, end: bytes.length }, true))).toEqual([
      'user-agent: curl/8',
    ]);
  });

  it('and a reader stay in step over random heads, evictions and table sizes', () => {
    const random = seededRandom(3);
    const pick = (count: number) => Math.floor(random() * count);
    const link = new Link();
    const known = Array.from({ length: 150 }, (_, i) => new Field(`x-${i % 40}`, 'v'.repeat(pick(90)) + i));
    const heads: RequestHead[] = [];
    for (let round = 0; round < 5000; round++) {
      const fields = Array.from({ length: pick(12) }, () =>
        pick(5) === 0 ? new Field('x-unique', String(random())) : known[pick(known.length)]!,
      );
      const again = round % 3 === 0 ? heads[pick(heads.length)] : undefined;
      const head = again ?? requestOf(fields, { repeated: pick(2) === 0, path: `/${pick(30)}` });
      heads[pick(20)] = head;
      if (round % 100 === 99) link.encoder.hpack.setPeerTableBytes(pick(3) * 1000);
      const decoded = link.pass(head);
      expect(lines(decoded)).toEqual(lines(head));
      expect(decoded?.path).toBe(head.path);
    }
  });
});
