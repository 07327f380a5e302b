import { MeshError } from '#lib/base';

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
    'no cluster to watch: name a directory of manifests with -manifests DIR.',
  );
}
