import type { Container, PodSpec, SecurityContext } from '#lib/resources';

/** What a container has unless it says otherwise: the set of container runtimes. */
const DEFAULT_CAPABILITIES: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];
/** Who runs a container that only says it must not be root; what user the image has, nobody here knows. */
const NOBODY = 65_534;

/**
 * The `setpriv` command that takes a container's user, groups and capabilities. A user other than root gets
 * the capabilities that were added as ambient ones: on a cluster they come from the files of the image.
 */
export function renderSetpriv(spec: PodSpec, container: Container): readonly string[] {
  const security: SecurityContext = { ...spec.securityContext, ...container.securityContext };
  const uid = security.runAsUser ?? (security.runAsNonRoot === true ? NOBODY : 0);
  const command = ['setpriv', `--reuid=${uid}`, `--regid=${security.runAsGroup ?? 0}`, '--clear-groups'];
  if (security.allowPrivilegeEscalation === false) command.push('--no-new-privs');
  if (security.privileged === true && uid === 0) return [...command, '--'];
  const bounding = listCapabilities(security.capabilities, uid);
  const ambient = uid === 0 ? [] : bounding;
  return [
    ...command,
    `--bounding-set=${renderSet(bounding)}`,
    `--inh-caps=${renderSet(ambient)}`,
    ...(uid === 0 ? [] : [`--ambient-caps=${renderSet(ambient)}`]),
    '--',
  ];
}

function listCapabilities(asked: SecurityContext['capabilities'], uid: number): readonly string[] {
  const names = (list: readonly string[] | undefined) =>
    (list ?? []).map((name) => name.replace(/^CAP_/, '').toUpperCase());
  const [add, drop] = [names(asked?.add), names(asked?.drop)];
  const base =
    uid === 0 && !drop.includes('ALL') ? DEFAULT_CAPABILITIES.filter((name) => !drop.includes(name)) : [];
  return [...new Set([...base, ...add])].filter((name) => name !== 'ALL');
}

function renderSet(capabilities: readonly string[]): string {
  return ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',');
}
