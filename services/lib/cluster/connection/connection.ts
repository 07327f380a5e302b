import type { Environment } from '#lib/config';
import { isInCluster, loadInClusterConnection } from './in-cluster.ts';
import { findKubeconfigFiles, loadKubeconfigConnection } from './kubeconfig.ts';

/** Where an API server is and as whom we speak to it. */
export interface KubernetesConnection {
  /** `https://10.96.0.1:443`, perhaps with a path; without a slash at its end. */
  readonly server: string;
  /** The namespace of our pod, or the one that the context names. */
  readonly namespace?: string;
  /** What to show now. Read again as it changes; rejects with a MeshError where it cannot be read. */
  credentials(): Promise<Credentials>;
  /** The server did not take them (401): the next `credentials` reads them anew. */
  invalidate(): void;
}

export interface Credentials {
  /** The value of the header `authorization`. */
  readonly authorization?: string;
  /** Stays the same object while it is unchanged. */
  readonly tls: TlsMaterial;
}

export interface TlsMaterial {
  /** PEM; the system's authorities where it is absent. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name to expect in the server's certificate, where it is not the host of its address. */
  readonly servername?: string;
  /** Only where a kubeconfig says so. */
  readonly isInsecure?: boolean;
}

export interface ConnectionOptions {
  /** The environment: KUBERNETES_SERVICE_HOST and _PORT, KUBECONFIG, HOME; plugins get all of it. */
  readonly env: Environment;
  /** A kubeconfig file, before anything that the environment names. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig, in place of its current one. */
  readonly context?: string;
}

/**
 * Finds the API server: the named kubeconfig, else the files in KUBECONFIG, else the pod's service account, else
 * `~/.kube/config`. Rejects with a MeshError that names the file and what is wrong.
 */
export async function loadKubernetesConnection(options: ConnectionOptions): Promise<KubernetesConnection> {
  const { env, kubeconfig, context } = options;
  const isNamed = kubeconfig !== undefined || context !== undefined || Boolean(env['KUBECONFIG']);
  if (!isNamed && isInCluster(env)) return loadInClusterConnection({ env });
  const files = kubeconfig === undefined ? findKubeconfigFiles(env) : [kubeconfig];
  return loadKubeconfigConnection({ files, env, ...(context === undefined ? {} : { context }) });
}
