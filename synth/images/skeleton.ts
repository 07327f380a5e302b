import { PROXY_UID } from '../../services/proxy/contract.ts';
import { CONTROLLER_UID } from './contract.ts';
import { readMachineFile } from './debian.ts';
import { fileEntry, folderEntry, linkEntry } from './layer.ts';
import type { TarEntry } from './tar.ts';

/** Folders and settings that every image has: what the C library looks up, and where containers mount. */
export async function createSkeleton(): Promise<readonly TarEntry[]> {
  return [...listFolders(), ...(await listSettings())];
}

/** /usr holds everything, as Debian has it; containers mount onto the others. */
function listFolders(): readonly TarEntry[] {
  return [
    linkEntry('/bin', 'usr/bin'),
    linkEntry('/lib', 'usr/lib'),
    linkEntry('/lib64', 'usr/lib64'),
    linkEntry('/sbin', 'usr/sbin'),
    ...['/dev', '/proc', '/run', '/sys', '/usr/bin', '/usr/lib64', '/usr/sbin', '/var/run'].map((path) =>
      folderEntry(path),
    ),
    folderEntry('/tmp', 0o1777),
  ];
}

async function listSettings(): Promise<readonly TarEntry[]> {
  const users = [
    ['root', 0],
    ['linkerd-proxy', PROXY_UID],
    ['linkerd-controller', CONTROLLER_UID],
    ['nobody', 65_534],
  ] as const;
  const passwd = users.map(([name, id]) => `${name}:x:${id}:${id}::/:/nonexistent\n`);
  const group = users.map(([name, id]) => `${name}:x:${id}:\n`);
  return [
    fileEntry('/etc/passwd', passwd.join('')),
    fileEntry('/etc/group', group.join('')),
    fileEntry('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
    // Scanners read from it which Debian the libraries are of.
    fileEntry('/etc/os-release', await readMachineFile('/etc/os-release')),
  ];
}
