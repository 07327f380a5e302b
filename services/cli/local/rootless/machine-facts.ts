import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { listMissingPackages } from '../preflight.ts';
import type { MachineFacts } from './obstacles.ts';

/** The package of what writes the ids of a user namespace; what needs no root is in no other list. */
const MAP_PROGRAMS = { newuidmap: 'uidmap', newgidmap: 'uidmap' };
const SYSCTLS = [
  'user.max_user_namespaces',
  'kernel.unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns',
];
/** What a mesh does first in its namespaces. */
const MOUNT_TRIAL = 'mount -n -t tmpfs tmpfs /run && ip link set lo up';
const NAT_TRIAL = `${MOUNT_TRIAL} && printf '*nat\\nCOMMIT\\n' | iptables-restore`;
const TRIAL_TIMEOUT_MS = 10_000;

/** Looks at this machine; the three trials leave nothing behind. */
export function readMachineFacts(searchPath: string): MachineFacts {
  const range = ['--map-auto'];
  return {
    ...readUser(),
    missingPackages: listMissingPackages(searchPath, MAP_PROGRAMS),
    subuid: readText('/etc/subuid'),
    subgid: readText('/etc/subgid'),
    sysctls: readSysctls(),
    namespaceRefusal: tryNamespaces({ flags: [], script: MOUNT_TRIAL, searchPath }),
    rangeRefusal: tryNamespaces({ flags: range, script: MOUNT_TRIAL, searchPath }),
    natRefusal: tryNamespaces({ flags: range, script: NAT_TRIAL, searchPath }),
  };
}

function readUser(): { readonly uid: number; readonly userName: string } {
  const uid = process.getuid?.() ?? 0;
  try {
    return { uid, userName: userInfo().username };
  } catch {
    // It is in no /etc/passwd.
    return { uid, userName: `${uid}` };
  }
}

interface Trial {
  readonly flags: readonly string[];
  readonly script: string;
  readonly searchPath: string;
}

/** The first line of complaint; undefined when all went well. */
function tryNamespaces({ flags, script, searchPath }: Trial): string | undefined {
  const command = ['unshare', '--user', '--map-root-user', ...flags, '--net', '--mount', 'sh', '-c', script];
  const ended = spawnSync('env', [`PATH=${searchPath}`, ...command], {
    encoding: 'utf8',
    timeout: TRIAL_TIMEOUT_MS,
  });
  if (ended.status === 0) return undefined;
  return ended.stderr.trim().split('\n')[0] || `exit code ${ended.status}`;
}

function readSysctls(): Readonly<Record<string, number>> {
  const found = SYSCTLS.flatMap((name) => {
    const text = readText(`/proc/sys/${name.replaceAll('.', '/')}`).trim();
    return text === '' ? [] : [[name, Number(text)] as const];
  });
  return Object.fromEntries(found);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
