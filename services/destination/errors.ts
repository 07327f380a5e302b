import { describeError, MeshError } from '#lib/base';

/** What the service answers clients with. */
export { LookupError } from './core/lookup-error.ts';

/** A flag with a value that cannot be used. */
export function refuseFlag(flag: string, problem: string): MeshError {
  return new MeshError('LINKERD_DESTINATION_FLAG', `-${flag} ${problem}.`);
}

/** A command line that cannot be read. */
export function refuseFlags(problem: string, cause: unknown): MeshError {
  return new MeshError('LINKERD_DESTINATION_FLAG', `${problem}. Run with -help for the flags.`, { cause });
}

export function refuseSource(): MeshError {
  return new MeshError(
    'LINKERD_DESTINATION_SOURCE',
    'no cluster to watch: name a directory of manifests with -manifests DIR, or a kubeconfig with -kubeconfig FILE.',
  );
}

/** An address that cannot be listened on. */
export function refuseListen(flag: string, address: string, cause: unknown): MeshError {
  return new MeshError(
    'LINKERD_DESTINATION_LISTEN',
    `cannot listen on ${address}: ${describeError(cause)}; free the port or give another -${flag}.`,
    { cause },
  );
}
