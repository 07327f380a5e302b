import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describeError, MeshError } from '#lib/base';
import type { Environment } from '#lib/config';
import type { KubeconfigCluster, KubeconfigExec, KubeconfigPart, KubeconfigUser } from './kubeconfig.ts';

/** What a plugin of a kubeconfig answered. */
export interface ExecCredential {
  readonly token?: string;
  readonly certPem?: string;
  readonly keyPem?: string;
  /** Since the epoch; undefined: good until it is refused. */
  readonly expiresMs?: number;
}

export interface ExecPluginOptions {
  readonly cluster: KubeconfigPart<KubeconfigCluster>;
  readonly user: KubeconfigPart<KubeconfigUser>;
  readonly env: Environment;
}

const TIMEOUT_MS = 60_000;
const DEFAULT_API_VERSION = 'client.authentication.k8s.io/v1';

/**
 * Asks the plugin that a user names for credentials. Rejects with a MeshError that names the command. Source:
 * kubernetes.io, "client-go credential plugins".
 */
export async function runExecPlugin({ cluster, user, env }: ExecPluginOptions): Promise<ExecCredential> {
  const exec = user.value.exec ?? {};
  const { command = '', args } = exec;
  try {
    const { stdout } = await promisify(execFile)(findCommand(command, user.file), [...(args ?? [])], {
      env: buildEnvironment(exec, cluster.value, env),
      timeout: TIMEOUT_MS,
      maxBuffer: 4 * 1024 * 1024,
    });
    return parseAnswer(stdout);
  } catch (error) {
    const hint = exec.installHint === undefined ? '' : ` ${exec.installHint.trim()}`;
    const sentence = `The credential plugin "${command}" of ${user.file} failed: ${describeError(error).trim()}.${hint}`;
    throw new MeshError('LINKERD_KUBECONFIG', sentence, { cause: error });
  }
}

/** A command with a slash is a file, relative to the kubeconfig; any other is looked for in PATH. */
function findCommand(command: string, kubeconfig: string): string {
  return command.includes('/') ? resolve(dirname(kubeconfig), command) : command;
}

function buildEnvironment(
  exec: KubeconfigExec,
  cluster: KubeconfigCluster,
  env: Environment,
): NodeJS.ProcessEnv {
  const info = {
    apiVersion: exec.apiVersion ?? DEFAULT_API_VERSION,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec.provideClusterInfo === true && { cluster }) },
  };
  const own = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  return { ...env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
}

function parseAnswer(stdout: string): ExecCredential {
  const { status } = JSON.parse(stdout) as { status?: Record<string, string | undefined> };
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status ?? {};
  if (token === undefined && clientCertificateData === undefined) {
    throw new Error('its answer has neither a token nor a client certificate');
  }
  const expiresMs = Date.parse(expirationTimestamp ?? '');
  return {
    ...(token !== undefined && { token }),
    ...(clientCertificateData !== undefined && { certPem: clientCertificateData }),
    ...(clientKeyData !== undefined && { keyPem: clientKeyData }),
    ...(Number.isFinite(expiresMs) && { expiresMs }),
  };
}
