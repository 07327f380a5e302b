import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { type Clock, describeError, MeshError, systemClock } from '#lib/base';
import type { Environment } from '#lib/config';
import type { Credentials, KubernetesConnection } from './connection.ts';

/** Where the kubelet puts a pod's token, authority and namespace. Source: kubernetes.io, "Accessing the API from a Pod". */
const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet renews the token long before its end, so that reading it so often is enough. */
const REREAD_MS = 60_000;

export interface InClusterOptions {
  readonly env: Environment;
  readonly dir?: string;
  readonly clock?: Clock;
}

/** Whether this process runs in a pod that may speak to its cluster. */
export function isInCluster(env: Environment): boolean {
  return Boolean(env['KUBERNETES_SERVICE_HOST']);
}

/** The API server as a pod's service account sees it. Rejects with a MeshError where its files are missing. */
export async function loadInClusterConnection(options: InClusterOptions): Promise<KubernetesConnection> {
  const { env, dir = SERVICE_ACCOUNT_DIR, clock = systemClock } = options;
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] || '443';
  const files = createServiceAccountFiles(dir, clock);
  await files.read();
  const namespace = (await readFile(join(dir, 'namespace'), 'utf8').catch(() => '')).trim();
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ...(namespace !== '' && { namespace }),
    credentials: files.read,
    invalidate: files.invalidate,
  };
}

function createServiceAccountFiles(dir: string, clock: Clock) {
  let known: Credentials | undefined;
  let readAtMs = 0;
  const read = async (): Promise<Credentials> => {
    if (known !== undefined && clock.monotonic() - readAtMs < REREAD_MS) return known;
    readAtMs = clock.monotonic();
    try {
      const token = (await readFile(join(dir, 'token'), 'utf8')).trim();
      const ca = await readFile(join(dir, 'ca.crt'), 'utf8');
      known = { authorization: `Bearer ${token}`, tls: known?.tls.ca === ca ? known.tls : { ca } };
    } catch (error) {
      // A file that is away for a moment does not end what works.
      if (known === undefined) throw refuseFiles(dir, error);
    }
    return known;
  };
  const invalidate = () => {
    readAtMs = Number.NEGATIVE_INFINITY;
  };
  return { read, invalidate };
}

function refuseFiles(dir: string, cause: unknown): MeshError {
  return new MeshError(
    'LINKERD_KUBERNETES_SERVICE_ACCOUNT',
    `The pod's service account cannot be read from ${dir}: ${describeError(cause)}; mount it (automountServiceAccountToken, or a projected volume).`,
    { cause },
  );
}
