import { describe, expect, it } from 'vitest';
import { create, fromBinary, otlpTrace, toBinary } from '#lib/api';
import { W3C } from '../propagation/w3c.ts';
import { encodeSpan, type Span } from './span.ts';

const spanOf = (changes: Partial<Span> = {}): Span => ({
  context: {
    format: W3C,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentId: '00f067aa0ba902b7',
    flags: 3,
  },
  spanId: '1122334455667788',
  kind: 'client',
  name: '/api',
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001.5,
  attributes: [],
  ...changes,
});

/** The same span as protobuf-es writes it. */
function encodeByLibrary(span: Span): Uint8Array {
  const message = create(otlpTrace.SpanSchema, {
    traceId: Buffer.from(span.context.traceId, 'hex'),
    spanId: Buffer.from(span.spanId, 'hex'),
    parentSpanId: Buffer.from(span.context.parentId, 'hex'),
    name: span.name,
    kind: span.kind === 'server' ? otlpTrace.Span_SpanKind.SERVER : otlpTrace.Span_SpanKind.CLIENT,
    startTimeUnixNano: 1_700_000_000_000_250_000n,
    endTimeUnixNano: 1_700_000_000_001_500_000n,
    attributes: span.attributes.map(([key, value]) => ({
      key,
      value: { value: { case: 'stringValue' as const, value } },
    })),
    flags: 0x300 | span.context.flags,
  });
  return toBinary(otlpTrace.SpanSchema, message);
}

describe('encodeSpan()', () => {
  const cases: [name: string, changes: Partial<Span>][] = [
    ['without attributes', {}],
    ['of the other kind', { kind: 'server' }],
    ['with Unicode', { name: '/ü€🚀', attributes: [['url.path', 'ü€🚀']] }],
    ['with an empty value', { attributes: [['url.query', '']] }],
  ];
  for (const length of [126, 127, 128, 16_382, 16_383, 16_384, 100_000])
    cases.push([`with a value of ${length} bytes`, { attributes: [['a', 'x'.repeat(length)]] }]);

  it.each(cases)('writes a span %s as protobuf-es does', (_name, changes) => {
    const span = spanOf(changes);
    expect(encodeSpan(span).equals(encodeByLibrary(span))).toBe(true);
  });

  it('gives each span bytes of its own', () => {
    const first = encodeSpan(spanOf({ name: '/first' }));
    encodeSpan(spanOf({ name: '/other' }));
    expect(fromBinary(otlpTrace.SpanSchema, first).name).toBe('/first');
  });
});
