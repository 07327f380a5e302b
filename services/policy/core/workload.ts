/** Whose proxy asks. */
export interface Workload {
  readonly kind: 'pod' | 'external-workload';
  readonly namespace: string;
  readonly name: string;
}

/**
 * Reads the workload that a proxy names: `{"ns":…,"pod":…}`, `{"ns":…,"external_workload":…}`, or the old
 * `ns:pod`. Undefined for anything else. Source: facts sheet control-plane, section 3.1.
 */
export function parseWorkload(text: string): Workload | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return parseJsonWorkload(trimmed);
  const [namespace = '', name = '', ...rest] = trimmed.split(':');
  if (namespace === '' || name === '' || rest.length > 0) return undefined;
  return { kind: 'pod', namespace, name };
}

function parseJsonWorkload(text: string): Workload | undefined {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { ns: namespace, pod, external_workload: external } = fields;
  if (typeof namespace !== 'string' || namespace === '') return undefined;
  if (typeof pod === 'string' && pod !== '') return { kind: 'pod', namespace, name: pod };
  if (typeof external !== 'string' || external === '') return undefined;
  return { kind: 'external-workload', namespace, name: external };
}
