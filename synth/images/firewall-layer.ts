import { lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CAPABILITY_XATTR, encodeCapabilities } from './capabilities.ts';
import { COMMAND } from './contract.ts';
import { describePackages, findLibraries, type Places, readMachineFile, readPlaces } from './debian.ts';
import { missingPackage } from './errors.ts';
import { fileEntry, type Layer, linkEntry, packLayer } from './layer.ts';
import type { TarEntry } from './tar.ts';

const SBIN = '/usr/sbin';
/** Each is one program under many names: the name says what it does. */
const BACKENDS = { nft: 'xtables-nft-multi', legacy: 'xtables-legacy-multi' } as const;
const SLEEP = '/bin/sleep';

/**
 * iptables of both backends with all its extensions (also what others put into the tables has to be read), and sleep,
 * which the proxy's preStop hook runs.
 */
export async function createFirewallLayer(inBase: Places, mtimeS: number): Promise<Layer> {
  const programs = Object.values(BACKENDS).map((name) => join(SBIN, name));
  const needed = await findLibraries([...programs, SLEEP]);
  const libraries = [...needed].filter((place) => !inBase.has(place));
  const extensions = await listExtensions(libraries);
  const entries = [
    ...(await Promise.all(programs.map(readFirewallProgram))),
    ...listNames(),
    ...extensions,
    ...(await readPlaces(libraries, 0o644)),
    fileEntry(`/usr${COMMAND.sleep}`, await readMachineFile(SLEEP, 'coreutils'), 0o755),
    ...(await describePackages([...programs, ...libraries, SLEEP])),
  ];
  return packLayer(entries, mtimeS);
}

async function readFirewallProgram(path: string): Promise<TarEntry> {
  const rights = encodeCapabilities(['NET_ADMIN', 'NET_RAW'], { effective: true });
  const program = fileEntry(path, await readMachineFile(path, 'iptables'), 0o755);
  return { ...program, xattrs: { [CAPABILITY_XATTR]: rights } };
}

function listNames(): readonly TarEntry[] {
  return Object.entries(BACKENDS).flatMap(([backend, program]) =>
    ['iptables', 'ip6tables'].flatMap((family) =>
      ['', '-save', '-restore'].map((action) => linkEntry(`${SBIN}/${family}-${backend}${action}`, program)),
    ),
  );
}

/** The extensions of iptables stand beside its library, where that looks for them. */
async function listExtensions(libraries: readonly string[]): Promise<readonly TarEntry[]> {
  const own = libraries.find((place) => /\/libxtables\.so\.\d+$/.test(place));
  const folder = join(dirname(own ?? '/usr/lib/libxtables.so'), 'xtables');
  const names = await readdir(folder).catch((error: unknown) => {
    throw missingPackage(folder, 'iptables', error);
  });
  // Those of arptables and ebtables belong to programs that are not here.
  const ours = names.filter((name) => /^lib(xt|ipt|ip6t)_/.test(name)).sort();
  return Promise.all(ours.map((name) => readExtension(join(folder, name))));
}

async function readExtension(path: string): Promise<TarEntry> {
  const isLink = (await lstat(path)).isSymbolicLink();
  return isLink ? linkEntry(path, await readlink(path)) : fileEntry(path, await readMachineFile(path));
}
