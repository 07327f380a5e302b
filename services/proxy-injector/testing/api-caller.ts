import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import type { SecureVersion } from 'node:tls';
import type { RunningInjector } from './injector.ts';

/** What the webhook answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

export interface CallOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxVersion?: SecureVersion;
  /** Left out: the one that the API server would verify with. */
  readonly ca?: string;
}

type Callee = Pick<RunningInjector, 'port' | 'caBundle'>;

/** Calls the webhook as the API server does: by its Service's name, verified with the caBundle. */
export function call(
  injector: Callee,
  body: string | Buffer,
  options: CallOptions = {},
): Promise<HttpAnswer> {
  const {
    method = 'POST',
    path = '/?timeout=10s',
    headers = { 'content-type': 'application/json' },
  } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: injector.port,
        servername: 'linkerd-proxy-injector.linkerd.svc',
        ca: options.ca ?? injector.caBundle(),
        agent: false,
        method,
        path,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(options.maxVersion && { maxVersion: options.maxVersion }),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export interface ReviewOptions {
  readonly namespace?: string;
  readonly operation?: string;
  readonly version?: 'v1' | 'v1beta1';
  readonly dryRun?: boolean;
  readonly uid?: string;
}

interface Admitted {
  readonly kind: string;
  readonly metadata?: { readonly name?: string };
}

export function buildReview(object: Admitted, options: ReviewOptions = {}): unknown {
  const {
    namespace = 'shop',
    operation = 'CREATE',
    version = 'v1',
    dryRun = false,
    uid = randomUUID(),
  } = options;
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: object.kind },
      resource: { group: '', version: 'v1', resource: `${object.kind.toLowerCase()}s` },
      name: object.metadata?.name,
      namespace,
      operation,
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object,
      oldObject: null,
      dryRun,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

export interface ReviewAnswer {
  readonly apiVersion: string;
  readonly kind: string;
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: string;
    readonly status?: { readonly message: string };
    readonly warnings?: readonly string[];
  };
  /** Decoded; empty where there was none. */
  readonly patch: readonly { readonly op: string; readonly path: string; readonly value: unknown }[];
}

/** Asks about an object. Rejects where the answer is none. */
export async function review(
  injector: Callee,
  object: Admitted,
  options: ReviewOptions = {},
): Promise<ReviewAnswer> {
  const { status, text } = await call(injector, JSON.stringify(buildReview(object, options)));
  if (status !== 200) throw new Error(`${status}: ${text}`);
  const { response, ...rest } = JSON.parse(text);
  const patch =
    response.patch === undefined ? [] : JSON.parse(Buffer.from(response.patch, 'base64').toString());
  return { ...rest, response, patch };
}
