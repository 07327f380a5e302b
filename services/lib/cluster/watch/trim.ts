import { apiVersionOf, type KubeObject, type ObjectMeta, type ResourceKind } from '#lib/resources';

/** An object as the API sends it: in a list without `apiVersion` and `kind`. */
export interface RawObject {
  readonly metadata: ObjectMeta & { readonly managedFields?: readonly { readonly time?: string }[] | null };
}

export interface TrimOptions {
  /** Keep no more than who an object is. */
  readonly metadataOnly: boolean;
}

/** What `kubectl apply` leaves: the whole manifest once more. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The object that is kept of one that came: without the fields that nobody here reads and that are often more than
 * half of it.
 */
export function trimObject(
  raw: RawObject,
  kind: ResourceKind<KubeObject>,
  { metadataOnly }: TrimOptions,
): KubeObject {
  const { managedFields, annotations, ...rest } = raw.metadata;
  const kept = annotations === undefined ? undefined : trimAnnotations(annotations);
  const metadata = kept === undefined ? rest : { ...rest, annotations: kept };
  const identity = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  return metadataOnly ? { ...identity, metadata } : { ...raw, ...identity, metadata };
}

function trimAnnotations(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  if (!(LAST_APPLIED in annotations)) return annotations;
  const { [LAST_APPLIED]: _manifest, ...kept } = annotations;
  return Object.keys(kept).length > 0 ? kept : undefined;
}

/** When an object was last written, in milliseconds since the epoch, to the second; NaN where it does not say. */
export function readWrittenMs({ metadata }: RawObject): number {
  const times = [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map(({ time }) => time)];
  const known = times.map((time) => Date.parse(time ?? '')).filter((ms) => !Number.isNaN(ms));
  return known.length === 0 ? Number.NaN : Math.max(...known);
}
