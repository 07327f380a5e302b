import { describeError } from '#lib/base';
import { refuseReview } from './refusal.ts';

/** What the API server asks. Source: kubernetes.io, "Dynamic Admission Control", "Webhook request and response". */
export interface AdmissionRequest {
  readonly uid: string;
  /** The core group's is empty. */
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly operation: string;
  /** Nothing may be written elsewhere for such a request. */
  readonly dryRun: boolean;
  readonly object: unknown;
}

export interface AdmissionReview {
  /** The document as it came, up to its last brace; empty where its answer has to stand alone. */
  readonly start: Uint8Array;
  readonly apiVersion: string;
  readonly request: AdmissionRequest;
}

export interface AdmissionVerdict {
  readonly allowed: boolean;
  /** RFC 6902 as JSON; empty where nothing changes. */
  readonly patchJson?: string;
  /** Why it is not allowed. */
  readonly message?: string;
  /** Shown by kubectl. */
  readonly warnings?: readonly string[];
}

const CLOSE_BRACE = 0x7d;
const VERSIONS: readonly string[] = ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'];

/** Reads the body of a request, passing over what it does not know. Throws a MeshError that says what is wrong. */
export function readAdmissionReview(body: Buffer): AdmissionReview {
  const document = parseJson(body.toString());
  if (!isRecord(document)) throw refuseReview('it is not a JSON object');
  const { apiVersion = VERSIONS[0], kind = 'AdmissionReview', request } = document;
  if (kind !== 'AdmissionReview') throw refuseReview(`its kind is ${describeValue(kind)}`);
  if (typeof apiVersion !== 'string' || !VERSIONS.includes(apiVersion)) {
    throw refuseReview(`its apiVersion is ${describeValue(apiVersion)}, not ${VERSIONS.join(' or ')}`);
  }
  if (!isRecord(request)) throw refuseReview('it has no request');
  if (typeof request['uid'] !== 'string' || request['uid'] === '')
    throw refuseReview('its request has no uid');
  // Only what says itself what it is can be answered by adding to it.
  const isWhole = 'apiVersion' in document && 'kind' in document && !('response' in document);
  const start = body.subarray(0, isWhole ? body.lastIndexOf(CLOSE_BRACE) : 0);
  return { start, apiVersion, request: readRequest(request['uid'], request) };
}

function readRequest(uid: string, request: Readonly<Record<string, unknown>>): AdmissionRequest {
  const kind = isRecord(request['kind']) ? request['kind'] : {};
  return {
    uid,
    group: textOf(kind['group']),
    kind: textOf(kind['kind']),
    namespace: textOf(request['namespace']),
    operation: textOf(request['operation']),
    dryRun: request['dryRun'] === true,
    object: request['object'],
  };
}

/** The document with the answer added, as JSON. Bytes are put together, as texts of this size cost more. */
export function formatAdmissionReview(review: AdmissionReview, verdict: AdmissionVerdict): Buffer {
  const { start } = review;
  const { before, patch, after } = formatAnswer(review, verdict);
  const bytes = start.length + Buffer.byteLength(before) + patch.length + Buffer.byteLength(after);
  const document = Buffer.allocUnsafe(bytes);
  document.set(start);
  let end = start.length;
  end += document.write(before, end);
  end += document.latin1Write(patch, end);
  document.write(after, end);
  return document;
}

interface FormattedAnswer {
  readonly before: string;
  /** Base64; empty where nothing changes. */
  readonly patch: string;
  readonly after: string;
}

/** What follows the document's start: JSON in three parts. */
function formatAnswer(
  { start, apiVersion, request }: AdmissionReview,
  { allowed, patchJson = '', message, warnings = [] }: AdmissionVerdict,
): FormattedAnswer {
  const alone = start.length === 0 ? openObject({ kind: 'AdmissionReview', apiVersion }) : '';
  const patch = patchJson === '' ? '' : Buffer.from(patchJson).toString('base64');
  const answer = openObject({
    uid: request.uid,
    allowed,
    ...(message !== undefined && { status: { message } }),
    ...(warnings.length > 0 && { warnings }),
  });
  const before = `${alone},"response":${answer}`;
  if (patch === '') return { before, patch, after: '}}' };
  return { before: `${before},"patchType":"JSONPatch","patch":"`, patch, after: '"}}' };
}

/** JSON without its last brace. */
function openObject(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields).slice(0, -1);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuseReview(`it is not JSON (${describeError(error).split('\n')[0]})`, error);
  }
}

function describeValue(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 100)}"` : `a ${typeof value}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
