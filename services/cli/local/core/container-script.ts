/** One volume (or a part of it) at a path of the container. */
export interface ScriptMount {
  /** Relative to the pod's folder (`volumes/token`), or an absolute path of the host. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerSandbox {
  /** The pod's folder on the host: its volumes, its `resolv.conf` and `hosts`, an empty folder `stage`. */
  readonly podDir: string;
  readonly hostname: string;
  /** The mesh's own programs, wherever they are; the container finds them at PROGRAMS_DIR. */
  readonly programsDir: string;
  readonly mounts: readonly ScriptMount[];
  readonly workingDir: string;
}

/** Where containers find the mesh's programs, readable for every user. */
export const PROGRAMS_DIR = '/run/linkerd-programs';
const POD_DIR = '/run/.linkerd-pod';
const HOST_DIR = '/run/.linkerd-host';

/**
 * A shell script that makes a container of the mount namespace it runs in, then runs its arguments. The
 * container sees the host's files; /run is its own and empty, the volumes are mounted, and names are looked
 * up in the cluster. A volume may go where the host has nothing: the folder around it becomes an overlay, or,
 * for a new folder at the top, the root becomes a list of binds. Nothing is written to the host's files.
 */
export function renderContainerScript(sandbox: ContainerSandbox): string {
  const isRun = (mount: ScriptMount) => mount.target === '/run' || mount.target === '/var/run';
  const runVolume = sandbox.mounts.find(isRun);
  const mounts = sandbox.mounts.filter((mount) => mount !== runVolume);
  return [
    'set -eu',
    'umask 022',
    ...renderRun(sandbox, runVolume),
    // Root of a user namespace may call the kernel, but not write to its file.
    `hostname ${quote(sandbox.hostname)}`,
    // As container runtimes do: any user may listen on any port.
    'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || true',
    `inner=${quote(renderInner(sandbox, mounts))}`,
    'new_root=',
    ...mounts.map((mount) => `[ -e ${quote(topFolder(mount.target))} ] || new_root=1`),
    'if [ -z "$new_root" ]; then eval "$inner"; fi',
    ...ROOT_OF_BINDS,
  ].join('\n');
}

/** Replaces /run by an empty one, which also holds what the rest of the script needs. */
function renderRun(sandbox: ContainerSandbox, volume: ScriptMount | undefined): string[] {
  const stage = `${sandbox.podDir}/stage`;
  const base =
    volume === undefined
      ? `mount -n -t tmpfs -o mode=0755 tmpfs ${quote(stage)}`
      : `mount -n --bind ${quote(absoluteSource(volume, sandbox.podDir))} ${quote(stage)}`;
  return [
    base,
    `mkdir -p ${quote(`${stage}/${baseName(POD_DIR)}`)} ${quote(`${stage}/${baseName(PROGRAMS_DIR)}`)}`,
    `mount -n --bind ${quote(sandbox.podDir)} ${quote(`${stage}/${baseName(POD_DIR)}`)}`,
    `mount -n --rbind ${quote(sandbox.programsDir)} ${quote(`${stage}/${baseName(PROGRAMS_DIR)}`)}`,
    // Folders of the host may be in its /run, which is about to be out of sight.
    ...listHostSources(sandbox.mounts).flatMap((source, index) => {
      const place = quote(`${stage}/${baseName(HOST_DIR)}-${index}`);
      return [
        `if [ -d ${quote(source)} ]; then mkdir -p ${place}; else : > ${place}; fi`,
        `mount -n --rbind ${quote(source)} ${place}`,
      ];
    }),
    `mount -n --move ${quote(stage)} /run`,
  ];
}

function renderInner(sandbox: ContainerSandbox, mounts: readonly ScriptMount[]): string {
  const files = ['resolv.conf', 'hosts'].map((file) => ({
    source: file,
    target: `/etc/${file}`,
    readOnly: false,
  }));
  const hostSources = listHostSources(sandbox.mounts);
  const place = ({ source }: ScriptMount) =>
    source.startsWith('/') ? `${HOST_DIR}-${hostSources.indexOf(source)}` : `${POD_DIR}/${source}`;
  // Parents first: a volume may be mounted inside another one.
  const all = [...files, ...mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length);
  const pairs = all.map((mount) => `${quote(place(mount))} ${quote(mount.target)}`);
  return [
    ...FUNCTIONS,
    // All overlays come before all binds, which they would hide.
    ...pairs.map((pair) => `prepare ${pair}`),
    ...pairs.map((pair, index) => `bind ${pair} ${all[index]?.readOnly === true ? 'ro' : 'rw'}`),
    `umount -n -l ${POD_DIR}`,
    ...hostSources.map((_, index) => `umount -n -l ${HOST_DIR}-${index}`),
    `cd ${quote(sandbox.workingDir)}`,
    'exec "$@"',
  ].join('\n');
}

function listHostSources(mounts: readonly ScriptMount[]): readonly string[] {
  return [...new Set(mounts.map((mount) => mount.source).filter((source) => source.startsWith('/')))];
}

/**
 * `prepare SOURCE TARGET` makes the place for a mount without writing to the host: where the nearest folder that
 * exists is the host's, an overlay comes over it first. `bind SOURCE TARGET ro|rw` mounts a folder or a file.
 */
const FUNCTIONS = [
  'private=" $(stat -c %d /run) $( [ -z "$new_root" ] || stat -c %d / ) "',
  'own() { folder=$1',
  '  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done',
  '  case "$private" in *" $(stat -c %d "$folder") "*) return ;; esac',
  '  layer=/run/.linkerd-layers/$(stat -c %i "$folder"); mkdir -p "$layer/upper" "$layer/work"',
  '  chmod --reference="$folder" "$layer/upper"; chown --reference="$folder" "$layer/upper"',
  '  mount -n -t overlay -o "lowerdir=$folder,upperdir=$layer/upper,workdir=$layer/work" overlay "$folder"',
  '  private="$private$(stat -c %d "$folder") "; }',
  'prepare() { target=$(readlink -m "$2")',
  '  if [ ! -e "$target" ]; then',
  '    if [ -d "$1" ]; then own "$target"; mkdir -p "$target"',
  '    else own "$(dirname "$target")"; mkdir -p "$(dirname "$target")"; : > "$target"; fi',
  '  fi; }',
  'bind() { prepare "$1" "$2"; target=$(readlink -m "$2")',
  '  mount -n --rbind "$1" "$target"',
  '  if [ "$3" = ro ]; then mount -n -o remount,bind,ro "$target"; fi; }',
];

/** For a volume at a new top folder: the root becomes an empty file system that holds the host's folders. */
const ROOT_OF_BINDS = [
  'root=/run/.linkerd-root; mkdir "$root"; mount -n -t tmpfs -o mode=0755 tmpfs "$root"',
  'for entry in /* /.[!.]*; do',
  '  if [ -L "$entry" ]; then ln -s "$(readlink "$entry")" "$root$entry"',
  '  elif [ -d "$entry" ]; then mkdir "$root$entry"; mount -n --rbind "$entry" "$root$entry"; fi',
  'done',
  'exec chroot "$root" /bin/sh -euc "new_root=1',
  '$inner" sh "$@"',
];

function absoluteSource(mount: ScriptMount, podDir: string): string {
  return mount.source.startsWith('/') ? mount.source : `${podDir}/${mount.source}`;
}

function topFolder(path: string): string {
  return `/${path.split('/').find((part) => part !== '') ?? ''}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
