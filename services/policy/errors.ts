import { describeError, MeshError } from '#lib/base';

/** Every error of the service that a user may see. */
export const POLICY_ERROR = {
  /** A flag is not known, or has a value that cannot be read. */
  flag: 'POLICY_FLAG',
  /** There is nothing to read cluster state from. */
  noSource: 'POLICY_NO_SOURCE',
  /** The admin address cannot be listened on. */
  listen: 'POLICY_LISTEN',
} as const;

export function createFlagError(flag: string, problem: string): MeshError {
  return new MeshError(POLICY_ERROR.flag, `${flag} ${problem}; services/policy/README.md lists the flags`);
}

export function createNoSourceError(): MeshError {
  return new MeshError(
    POLICY_ERROR.noSource,
    '--manifests is missing: it has to name the directory of manifests to read cluster state from; or name a Kubernetes API with --kubeconfig',
  );
}

export function createListenError(
  flag: string,
  address: { readonly host: string; readonly port: number },
  cause: unknown,
): MeshError {
  return new MeshError(
    POLICY_ERROR.listen,
    `cannot listen on ${address.host}:${address.port}: ${describeError(cause)}; free the port or set ${flag} to another`,
    { cause },
  );
}
