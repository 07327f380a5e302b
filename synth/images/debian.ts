import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { missingPackage, unresolvedLibrary } from './errors.ts';
import { fileEntry } from './layer.ts';
import type { TarEntry } from './tar.ts';

/** What is taken from the Debian that the build runs on: files, the libraries they need, the packages they are of. */

const run = promisify(execFile);

/** Places on this machine, as they are in the image too. */
export type Places = ReadonlySet<string>;

/** The shared libraries that programs and libraries need, and the loader: places with folders' links resolved. */
export async function findLibraries(files: Iterable<string>): Promise<Places> {
  const places = new Set<string>();
  for (const file of files) {
    const { stdout } = await run('ldd', [file]).catch((error: unknown) => {
      throw unresolvedLibrary(file, String(error).split('\n')[0] ?? '');
    });
    const lost = /^\s*(.*not found.*)$/m.exec(stdout);
    if (lost !== null) throw unresolvedLibrary(file, lost[1]?.trim() ?? '');
    for (const [, named] of stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) {
      places.add(await resolveFolder(named ?? ''));
    }
  }
  return places;
}

/** `/lib64/ld.so` is `/usr/lib64/ld.so`; what the name itself links to stays out of it, since programs ask by name. */
async function resolveFolder(path: string): Promise<string> {
  return join(await realpath(dirname(path)), basename(path));
}

/** Where this machine has a program, folders' links resolved. Throws PACKAGE_MISSING. */
export function locateProgram(name: string, packageName: string): string {
  for (const folder of ['/usr/bin', '/usr/sbin']) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  throw missingPackage(`the program ${name}`, packageName);
}

/** The files at these places, whatever they link to. Rejects with PACKAGE_MISSING. */
export async function readPlaces(places: Iterable<string>, mode: number): Promise<readonly TarEntry[]> {
  const sorted = [...places].sort();
  return Promise.all(sorted.map(async (place) => fileEntry(place, await readMachineFile(place), mode)));
}

export async function readMachineFile(
  path: string,
  packageName = 'the package that has it',
): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw missingPackage(path, packageName, error);
  });
}

/**
 * What says which packages are in the image: their licences, and the status that scanners for vulnerabilities read
 * (a file each, as distroless images have it).
 */
export async function describePackages(places: Iterable<string>): Promise<readonly TarEntry[]> {
  const names = await findPackages([...places]);
  const described = names.map(async (name) => {
    const { stdout: status } = await run('dpkg-query', ['--status', name]);
    const plain = name.split(':')[0] ?? name;
    const licence = await readFile(`/usr/share/doc/${plain}/copyright`).catch(() => undefined);
    const entries = [fileEntry(`/var/lib/dpkg/status.d/${plain}`, status)];
    if (licence !== undefined) entries.push(fileEntry(`/usr/share/doc/${plain}/copyright`, licence));
    return entries;
  });
  return (await Promise.all(described)).flat();
}

async function findPackages(places: readonly string[]): Promise<readonly string[]> {
  const real = await Promise.all(places.map((place) => realpath(place)));
  // Packages of before the merge of /usr know their files by the old names.
  const patterns = [...places, ...real].flatMap((place) => [
    place,
    place.replace(/^\/usr(?=\/(lib|s?bin))/, ''),
  ]);
  // It exits with 1 where one of the patterns is unknown, which half of them are.
  const { stdout } = await run('dpkg-query', ['--search', ...new Set(patterns)]).catch((error: unknown) => {
    if (isOutput(error)) return error;
    throw missingPackage('dpkg-query', 'Debian: images are built on it', error);
  });
  const owners = stdout.split('\n').flatMap((line) => {
    const [names] = /^(?!diversion )(.*): \//.exec(line)?.slice(1) ?? [];
    return names?.split(', ') ?? [];
  });
  return [...new Set(owners)].sort();
}

function isOutput(error: unknown): error is { stdout: string } {
  return typeof error === 'object' && error !== null && 'stdout' in error && error.stdout !== '';
}
