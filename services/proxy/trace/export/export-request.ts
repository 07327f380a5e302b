import {
  BinaryWriter,
  create,
  type MessageInitShape,
  type MessageShape,
  otlpTrace,
  otlpTraceService,
  WireType,
} from '#lib/api';
import type { ResourceAttributes } from './resource.ts';

const { ResourceSpansSchema, ScopeSpansSchema } = otlpTrace;
const { ExportTraceServiceRequestSchema } = otlpTraceService;

/** The number of the field that holds the spans of a scope. */
const { number: SPANS } = ScopeSpansSchema.field.spans;

/** A request that exports spans, each encoded when it ended: they are put in as they are. */
export function buildExportRequest(
  resource: ResourceAttributes,
  spans: readonly Uint8Array[],
): MessageShape<typeof ExportTraceServiceRequestSchema> {
  const scopeSpans = create(ScopeSpansSchema);
  scopeSpans.$unknown = spans.map((span) => ({
    no: SPANS,
    wireType: WireType.LengthDelimited,
    data: new BinaryWriter().bytes(span).finish(),
  }));
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: [{ resource: { attributes: toKeyValues(resource) }, scopeSpans: [scopeSpans] }],
  });
}

type ResourceInit = Exclude<MessageInitShape<typeof ResourceSpansSchema>['resource'], undefined>;

function toKeyValues(attributes: ResourceAttributes): NonNullable<ResourceInit['attributes']> {
  return [...attributes].map(([key, value]) => ({
    key,
    value: {
      value:
        typeof value === 'number'
          ? { case: 'intValue', value: BigInt(value) }
          : { case: 'stringValue', value },
    },
  }));
}
