type Json = unknown;

/** RFC 7396: null removes a field, mappings merge, anything else replaces. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, Json> = isRecord(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}

/**
 * Server-side apply and strategic merge, nearly: mappings merge; lists whose entries have a `name` (webhooks,
 * containers, ports) or a `type` (conditions) merge by it; other lists are replaced. Fields that an earlier apply set
 * and this one leaves out stay.
 */
export function mergeApplied(target: Json, applied: Json): Json {
  if (Array.isArray(applied)) return mergeLists(Array.isArray(target) ? target : [], applied);
  if (!isRecord(applied)) return applied;
  const merged: Record<string, Json> = isRecord(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(applied)) {
    if (value === null) delete merged[field];
    else merged[field] = mergeApplied(merged[field], value);
  }
  return merged;
}

function mergeLists(target: readonly Json[], applied: readonly Json[]): Json {
  const key = ['name', 'type'].find((field) => applied.every((entry) => isRecord(entry) && field in entry));
  if (key === undefined || applied.length === 0) return applied;
  const merged = [...target];
  for (const entry of applied as readonly Record<string, Json>[]) {
    const index = merged.findIndex((known) => isRecord(known) && known[key] === entry[key]);
    if (index === -1) merged.push(entry);
    else merged[index] = mergeApplied(merged[index], entry);
  }
  return merged;
}

function isRecord(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
