import { basename } from 'node:path';
import { DEBUG_PROGRAMS } from './contract.ts';
import { describePackages, findLibraries, locateProgram, readMachineFile, readPlaces } from './debian.ts';
import { fileEntry, type Layer, linkEntry, packLayer } from './layer.ts';
import { createSkeleton } from './skeleton.ts';

/** What one looks into a pod's network with, and a shell to start it from; no Node. */
export async function createDebugLayer(mtimeS: number): Promise<Layer> {
  const programs = Object.entries(DEBUG_PROGRAMS).flatMap(([packageName, names]) =>
    names.map((name) => locateProgram(name, packageName)),
  );
  const libraries = await findLibraries(programs);
  const files = programs.map(async (path) =>
    fileEntry(`/usr/bin/${basename(path)}`, await readMachineFile(path), 0o755),
  );
  const entries = [
    ...(await createSkeleton()),
    ...(await Promise.all(files)),
    linkEntry('/usr/bin/sh', 'dash'),
    ...(await readPlaces(libraries, 0o755)),
    ...(await describePackages([...programs, ...libraries])),
  ];
  return packLayer(entries, mtimeS);
}
