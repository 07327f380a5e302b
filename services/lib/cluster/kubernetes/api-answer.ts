import { KubernetesError } from './error.ts';
import type { HttpAnswer } from './http-call.ts';

const EXCERPT_CHARS = 200;

/** The JSON of a good answer; throws a KubernetesError for any other. `call` names the request: `GET /api/v1/pods`. */
export function readApiAnswer(answer: HttpAnswer, call: string): unknown {
  const body = parseJson(answer.text);
  if (answer.status < 200 || answer.status > 299) throw describeRefusal(answer, body, call);
  if (body !== undefined) return body;
  throw new KubernetesError(
    'LINKERD_KUBERNETES_UNREADABLE',
    `${call}: the answer is no JSON but ${excerpt(answer)}; is this the address of a Kubernetes API server?`,
    { status: answer.status, reason: '' },
  );
}

function describeRefusal(answer: HttpAnswer, body: unknown, call: string): KubernetesError {
  // An object of the kind Status. Source: kubernetes.io, API conventions, "Response Status Kind".
  const { reason, message, details } = (isRecord(body) ? body : {}) as {
    reason?: unknown;
    message?: unknown;
    details?: { retryAfterSeconds?: unknown };
  };
  const text = typeof message === 'string' && message !== '' ? message : excerpt(answer);
  const retryAfterMs = readRetryAfterMs(answer.headers['retry-after'], details?.retryAfterSeconds);
  return new KubernetesError('LINKERD_KUBERNETES_REFUSED', `${call}: ${answer.status}: ${text}`, {
    status: answer.status,
    reason: typeof reason === 'string' ? reason : '',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** API servers write seconds, never a date. */
function readRetryAfterMs(header: string | undefined, detail: unknown): number | undefined {
  const seconds = Number(header ?? detail ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function excerpt({ text, headers }: HttpAnswer): string {
  if (text === '') return 'empty';
  const type = headers['content-type'] ?? 'no content type';
  return `${JSON.stringify(text.slice(0, EXCERPT_CHARS))} (${type})`;
}
