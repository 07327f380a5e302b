import { readFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { describeError, MeshError } from '#lib/base';
import type { Environment } from '#lib/config';
import type { KubernetesConnection } from './connection.ts';
import { createUserCredentials } from './user-credentials.ts';

/** The parts of a kubeconfig that are read. Source: kubernetes.io, "kubeconfig (v1)". */
export interface KubeconfigCluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}

export interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly exec?: KubeconfigExec;
  readonly as?: string;
  readonly 'auth-provider'?: unknown;
}

export interface KubeconfigExec {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
}

/** A named part, with the file that it comes from: paths in it are relative to that. */
export interface KubeconfigPart<T> {
  readonly value: T;
  readonly file: string;
}

interface Context {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

interface Kubeconfig {
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, KubeconfigPart<Context>>;
  readonly clusters: ReadonlyMap<string, KubeconfigPart<KubeconfigCluster>>;
  readonly users: ReadonlyMap<string, KubeconfigPart<KubeconfigUser>>;
}

export interface KubeconfigOptions {
  /** Of what several files say, the first counts. */
  readonly files: readonly string[];
  readonly context?: string;
  /** What plugins run with. */
  readonly env: Environment;
}

/** The files that the environment names, else `~/.kube/config`. */
export function findKubeconfigFiles(env: Environment): readonly string[] {
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return named.length > 0 ? named : [join(env['HOME'] ?? '', '.kube', 'config')];
}

/** The API server that a context names. Rejects with a MeshError that says what the files lack. */
export async function loadKubeconfigConnection(options: KubeconfigOptions): Promise<KubernetesConnection> {
  const { files, env } = options;
  const config = await readFiles(files);
  const where = files.join(', ');
  const contextName = options.context ?? config.currentContext;
  const context = find(config.contexts, { name: contextName, what: 'context', where }).value;
  const cluster = find(config.clusters, { name: context.cluster ?? '', what: 'cluster', where });
  const user =
    context.user === undefined
      ? { value: {}, file: cluster.file }
      : find(config.users, { name: context.user, what: 'user', where });
  const server = (cluster.value.server ?? '').replace(/\/+$/, '');
  if (!/^https?:\/\/[^/]/.test(server)) {
    throw refuse(where, `cluster ${context.cluster} has no server such as https://10.0.0.1:6443`);
  }
  checkUnderstood(cluster.value, user.value, where);
  const { credentials, invalidate } = createUserCredentials({ cluster, user, env });
  await credentials();
  return {
    server,
    ...(context.namespace !== undefined && { namespace: context.namespace }),
    credentials,
    invalidate,
  };
}

/** Leaving one of these out would speak to another server, or as somebody else. */
function checkUnderstood(cluster: KubeconfigCluster, user: KubeconfigUser, where: string): void {
  if (cluster['proxy-url'] !== undefined) throw refuse(where, 'proxy-url is not supported');
  if (user.as !== undefined) throw refuse(where, 'impersonation ("as") is not supported');
  if (user['auth-provider'] !== undefined) {
    throw refuse(where, 'auth-provider is not supported; use an exec plugin, as kubectl has since 1.26');
  }
}

interface Wanted {
  readonly name: string;
  readonly what: string;
  readonly where: string;
}

function find<T>(parts: ReadonlyMap<string, T>, { name, what, where }: Wanted): T {
  const part = parts.get(name);
  if (part !== undefined) return part;
  const known = [...parts.keys()].join(', ') || 'none';
  throw refuse(
    where,
    name === '' ? `no ${what} is named; there are ${known}` : `there is no ${what} "${name}", but ${known}`,
  );
}

async function readFiles(files: readonly string[]): Promise<Kubeconfig> {
  const parts = {
    currentContext: '',
    contexts: new Map<string, KubeconfigPart<Context>>(),
    clusters: new Map<string, KubeconfigPart<KubeconfigCluster>>(),
    users: new Map<string, KubeconfigPart<KubeconfigUser>>(),
  };
  for (const file of files) {
    const config = await readConfigFile(file, files.length > 1);
    parts.currentContext ||= typeof config['current-context'] === 'string' ? config['current-context'] : '';
    addParts(parts.contexts, config['contexts'], { file, field: 'context' });
    addParts(parts.clusters, config['clusters'], { file, field: 'cluster' });
    addParts(parts.users, config['users'], { file, field: 'user' });
  }
  return parts;
}

async function readConfigFile(file: string, isOneOfMany: boolean): Promise<Record<string, unknown>> {
  try {
    const config: unknown = parse(await readFile(file, 'utf8'));
    if (typeof config !== 'object' || config === null) throw new Error('it holds no mapping');
    return config as Record<string, unknown>;
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isAbsent && isOneOfMany) return {};
    throw refuse(file, describeError(error), error);
  }
}

function addParts<T>(
  parts: Map<string, KubeconfigPart<T>>,
  list: unknown,
  { file, field }: { readonly file: string; readonly field: string },
): void {
  if (!Array.isArray(list)) return;
  for (const entry of list as readonly Record<string, unknown>[]) {
    const name = entry['name'];
    if (typeof name !== 'string' || parts.has(name)) continue;
    parts.set(name, { value: (entry[field] ?? {}) as T, file: resolve(file) });
  }
}

function refuse(where: string, problem: string, cause?: unknown): MeshError {
  return new MeshError(
    'LINKERD_KUBECONFIG',
    `The kubeconfig ${where} cannot be used: ${problem}.`,
    cause === undefined ? {} : { cause },
  );
}
