import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { MeshError } from '#lib/base';

const PACKAGE_OF: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  hostname: 'hostname',
  mount: 'mount',
  setpriv: 'util-linux',
  'iptables-restore': 'iptables',
};

/** Throws a MeshError that says what this machine or user lacks for a local mesh, and what to do. */
export function checkMachine(searchPath: string): void {
  if (process.platform !== 'linux') {
    throw new MeshError(
      'LOCAL_NEEDS_LINUX',
      `a local mesh needs Linux, and this is ${process.platform}: run it in a Linux virtual machine or container`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new MeshError(
      'LOCAL_NEEDS_ROOT',
      `a local mesh needs root, to make network namespaces, and you are user ${process.getuid?.()}: run it with sudo`,
    );
  }
  const missing = listMissing(searchPath, PACKAGE_OF);
  if (missing.length === 0) return;
  const packages = listMissingPackages(searchPath);
  throw new MeshError(
    'PROGRAM_MISSING',
    `a local mesh needs ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not on the PATH: install ${packages.join(', ')}`,
  );
}

/** The packages of programs that are not on the PATH: what any local mesh needs, and of `more` besides. */
export function listMissingPackages(
  searchPath: string,
  more: Readonly<Record<string, string>> = {},
): readonly string[] {
  const packages = { ...PACKAGE_OF, ...more };
  return [...new Set(listMissing(searchPath, packages).map((program) => packages[program] ?? program))];
}

function listMissing(searchPath: string, programs: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(programs).filter((program) => !isOnPath(program, searchPath));
}

/** Throws a MeshError unless `name` can name a local mesh, and with it files and network namespaces. */
export function checkInstanceName(name: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) return;
  throw new MeshError(
    'LOCAL_NAME_INVALID',
    `--name ${JSON.stringify(name)} is not valid: give up to 40 lower case letters, digits and dashes, such as shop-1`,
  );
}

function isOnPath(program: string, searchPath: string): boolean {
  return searchPath.split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
