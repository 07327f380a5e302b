import { DEFAULT_BASE_DIR, userBaseDir } from './local/state/paths.ts';

/** What the CLI takes from its environment, complete. */
export interface CliConfig {
  /** The namespace of the control plane, unless `-L` says otherwise. */
  readonly linkerdNamespace: string;
  /** Where containers of a local mesh look for programs, after our own Node. */
  readonly searchPath: string;
  /** Where local meshes keep their files: those of root, or of this user. */
  readonly localDir: string;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function readCliConfig(
  env: Readonly<Record<string, string | undefined>>,
  uid: number = process.getuid?.() ?? 0,
): CliConfig {
  const path = env['PATH'] || DEFAULT_PATH;
  return {
    linkerdNamespace: env['LINKERD_NAMESPACE'] || 'linkerd',
    searchPath: uid === 0 ? path : addSystemFolders(path),
    localDir:
      env['LINKERD_LOCAL_DIR'] || (uid === 0 ? DEFAULT_BASE_DIR : userBaseDir(uid, env['XDG_RUNTIME_DIR'])),
  };
}

/** Debian keeps `ip` and `iptables` off the PATH of users. */
function addSystemFolders(path: string): string {
  const folders = path.split(':');
  const missing = DEFAULT_PATH.split(':').filter((folder) => !folders.includes(folder));
  return [...folders, ...missing].join(':');
}
