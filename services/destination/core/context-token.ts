/** Who asks: what the injector wrote into the proxy's environment. */
export interface ClientContext {
  /** Empty where unknown, and so the others. */
  readonly namespace: string;
  readonly nodeName: string;
  readonly pod: string;
}

const UNKNOWN: ClientContext = { namespace: '', nodeName: '', pod: '' };

/**
 * Reads `{"ns":…,"nodeName":…,"pod":…}` or the old `ns:<namespace>`. Returns undefined for a token that is
 * neither: the caller says so and goes on as for an empty one.
 */
export function parseContextToken(token: string): ClientContext | undefined {
  const text = token.trim();
  if (text === '') return UNKNOWN;
  if (text.startsWith('ns:')) return { ...UNKNOWN, namespace: text.slice(3) };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const fields = value as Readonly<Record<string, unknown>>;
    return {
      namespace: textOf(fields['ns']),
      nodeName: textOf(fields['nodeName']),
      pod: textOf(fields['pod']),
    };
  } catch {
    return undefined;
  }
}

export function emptyContext(): ClientContext {
  return UNKNOWN;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
