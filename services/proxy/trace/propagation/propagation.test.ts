import { describe, expect, it } from 'vitest';
import { fieldsOf, headersOf, requestOf } from '../../outbound/http-exchange.testing.ts';
import { readSampledContext, withSpan } from './propagation.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SPAN = '1122334455667788';

const w3c = (flags = '01', rest = '') => ({ traceparent: `00-${TRACE}-${PARENT}-${flags}${rest}` });
const binary = (parts: readonly string[]) => Buffer.from(parts.join(''), 'hex').toString('base64');
const grpc = (options = '01') => ({
  'grpc-trace-bin': binary(['00', '00', TRACE, '01', PARENT, '02', options]),
});
const b3 = (sampled = '1') => ({
  'x-b3-traceid': TRACE,
  'x-b3-spanid': PARENT,
  ...(sampled === '' ? {} : { 'x-b3-sampled': sampled }),
});

const read = (headers: Record<string, string>) => readSampledContext(fieldsOf(headers));

describe('readSampledContext()', () => {
  it.each([
    ['traceparent', w3c(), 1],
    ['a traceparent of a version to come', { traceparent: `cc-${TRACE}-${PARENT}-03-more` }, 3],
    ['grpc-trace-bin', grpc(), 1],
    [
      'grpc-trace-bin without padding, the parts in another order',
      { 'grpc-trace-bin': binary(['00', '0201', '01', PARENT, '00', TRACE]).replace(/=+$/, '') },
      1,
    ],
    [
      'grpc-trace-bin with a field nobody knows',
      { 'grpc-trace-bin': binary(['00', '00', TRACE, '01', PARENT, '0201', '99ff']) },
      1,
    ],
    ['B3', b3(), 1],
    ['B3 as old senders write it', { ...b3('true'), 'x-b3-traceid': TRACE.toUpperCase() }, 1],
  ])('reads %s', (_name, headers, flags) => {
    expect(read({ accept: '*/*', ...headers })).toMatchObject({ traceId: TRACE, parentId: PARENT, flags });
  });

  it('pads a B3 trace id of half the length', () => {
    expect(read({ ...b3(), 'x-b3-traceid': PARENT })?.traceId).toBe(`${'0'.repeat(16)}${PARENT}`);
  });

  it.each([
    ['no context', { accept: '*/*' }],
    ['a traceparent that is not sampled', w3c('00')],
    ['grpc-trace-bin that is not sampled', grpc('00')],
    ['grpc-trace-bin without options', { 'grpc-trace-bin': binary(['00', '00', TRACE, '01', PARENT]) }],
    ['B3 that is not sampled', b3('0')],
    ['B3 that leaves it open', b3('')],
    ['a first version with more behind it', w3c('01', '-x')],
    ['a version that is none', { traceparent: `ff-${TRACE}-${PARENT}-01` }],
    ['upper case', { traceparent: `00-${TRACE.toUpperCase()}-${PARENT}-01` }],
    ['a trace id of zeros', { traceparent: `00-${'0'.repeat(32)}-${PARENT}-01` }],
    ['a parent of zeros', { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` }],
    ['a short trace id', { traceparent: `00-${TRACE.slice(1)}-${PARENT}-01` }],
    ['grpc-trace-bin that is no base64', { 'grpc-trace-bin': '!' }],
    ['grpc-trace-bin that ends early', { 'grpc-trace-bin': binary(['00', '00', TRACE, '01', '0011']) }],
    [
      'grpc-trace-bin of another version',
      { 'grpc-trace-bin': binary(['01', '00', TRACE, '01', PARENT, '0201']) },
    ],
    ['grpc-trace-bin without a span', { 'grpc-trace-bin': binary(['00', '00', TRACE, '0201']) }],
    ['B3 without a span', { 'x-b3-traceid': TRACE, 'x-b3-sampled': '1' }],
    ['B3 with a long span id', { ...b3(), 'x-b3-spanid': TRACE }],
  ])('takes nothing from %s', (_name, headers) => {
    expect(read(headers)).toBeUndefined();
  });

  it('takes the first that can be read, in the order of upstream', () => {
    const other = { ...b3(), 'x-b3-spanid': SPAN };
    expect(read({ ...other, ...w3c() })?.parentId).toBe(PARENT);
    expect(read({ ...other, ...grpc() })?.parentId).toBe(PARENT);
    expect(read({ ...other, traceparent: 'nonsense' })?.parentId).toBe(SPAN);
    // It is the context of this request, and says that nobody wants spans.
    expect(read({ ...other, ...w3c('00') })).toBeUndefined();
  });
});

describe('withSpan()', () => {
  const forward = (headers: Record<string, string>) => {
    const head = requestOf({ headers, repeated: true });
    const context = readSampledContext(head.fields);
    if (context === undefined) throw new Error('no context');
    return withSpan(head, context, SPAN);
  };

  it.each([
    [w3c('03'), { traceparent: `00-${TRACE}-${SPAN}-03` }],
    [grpc(), { 'grpc-trace-bin': binary(['00', '00', TRACE, '01', SPAN, '0201']) }],
    [b3(), { ...b3(), 'x-b3-spanid': SPAN }],
  ])('writes the format that came: %o', (headers, expected) => {
    const state = { tracestate: 'a=b', accept: '*/*' };
    expect(headersOf(forward({ ...state, ...headers }))).toEqual({ ...state, ...expected });
  });

  it('makes a head of its own that nobody remembers, and leaves the other as it was', () => {
    const head = requestOf({ headers: w3c(), repeated: true, method: 'PUT', path: '/x?y', bodyLength: 3 });
    const context = readSampledContext(head.fields);
    const [one, other] = [SPAN, PARENT].map((span) => context && withSpan(head, context, span));
    expect(one).toMatchObject({ method: 'PUT', path: '/x?y', bodyLength: 3, repeated: false });
    expect(one?.fields[0]?.value).not.toBe(other?.fields[0]?.value);
    expect(head.fields[0]?.value).toBe(w3c().traceparent);
  });

  it('leaves one header where several of the name came', () => {
    const head = requestOf({ fields: [...fieldsOf(w3c()), ...fieldsOf(w3c('00'))] });
    const context = readSampledContext(head.fields);
    expect(context && withSpan(head, context, SPAN).fields.map(({ value }) => value)).toEqual([
      `00-${TRACE}-${SPAN}-01`,
    ]);
  });
});
