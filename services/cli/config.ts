import { DEFAULT_BASE_DIR } from './local/state/paths.ts';

/** What the CLI takes from its environment, complete. */
export interface CliConfig {
  /** The namespace of the control plane, unless `-L` says otherwise. */
  readonly linkerdNamespace: string;
  /** Where containers of a local mesh look for programs, after our own Node. */
  readonly searchPath: string;
  /** Where local meshes keep their files. */
  readonly localDir: string;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function readCliConfig(env: Readonly<Record<string, string | undefined>>): CliConfig {
  return {
    linkerdNamespace: env['LINKERD_NAMESPACE'] || 'linkerd',
    searchPath: env['PATH'] || DEFAULT_PATH,
    localDir: env['LINKERD_LOCAL_DIR'] || DEFAULT_BASE_DIR,
  };
}
