import { type Deferred, refer, typeOf } from '#lib/expr';
import type { InjectValues } from '../values.ts';

/** Maps that templates refer to as one. */
const WHOLE_MAPS: readonly string[] = [
  'proxy.securityContext',
  'proxy.capabilities',
  'proxy.tracing.labels',
  'proxy.inbound',
  'proxy.outbound',
  'proxyInit.capabilities',
  'networkValidator.securityContext',
];

/** The paths of all leaves. */
export function listLeaves(values: InjectValues): readonly string[] {
  const leaves: string[] = [];
  mapLeaves(values, [], (path) => leaves.push(path.join('.')));
  return leaves.sort();
}

/** The values as a chart has them: each leaf a reference, of the type that it has in `values`. */
export function referValues(values: InjectValues): Deferred<InjectValues> {
  const toReference = (path: readonly string[], leaf: unknown) =>
    refer<unknown>(path, { type: typeOf(leaf), isNilSafe: true });
  return mapLeaves(values, [], toReference) as Deferred<InjectValues>;
}

function mapLeaves(
  value: unknown,
  path: readonly string[],
  map: (path: readonly string[], leaf: unknown) => unknown,
): unknown {
  const isGroup = typeOf(value) === 'map' && !WHOLE_MAPS.includes(path.join('.'));
  if (!isGroup) return map(path, value);
  const entries = Object.entries(value as object);
  return Object.fromEntries(entries.map(([key, part]) => [key, mapLeaves(part, [...path, key], map)]));
}
