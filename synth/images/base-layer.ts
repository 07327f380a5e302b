import { join } from 'node:path';
import { CAPABILITY_XATTR, encodeCapabilities } from './capabilities.ts';
import { NODE_PATH, PROGRAM_DIR } from './contract.ts';
import { describePackages, findLibraries, type Places, readMachineFile, readPlaces } from './debian.ts';
import { fileEntry, type Layer, packLayer } from './layer.ts';
import { createSkeleton } from './skeleton.ts';
import type { TarEntry } from './tar.ts';

export interface BaseSource {
  /** The folder of the npm package that holds Node. */
  readonly nodeDir: string;
  /** Machine code that Node loads: what it needs has to be there too. */
  readonly addons: readonly string[];
}

export interface BaseLayer {
  readonly layer: Layer;
  /** The libraries in it, which no other layer has to bring. */
  readonly libraries: Places;
}

/** What every image begins with: Node, the C library, and the few files that both expect. */
export async function createBaseLayer({ nodeDir, addons }: BaseSource, mtimeS: number): Promise<BaseLayer> {
  const node = join(nodeDir, 'bin/node');
  const libraries = await findLibraries([node, ...addons]);
  const entries = [
    ...(await createSkeleton()),
    allowNetworkRights(
      fileEntry(NODE_PATH, await readMachineFile(node, 'the npm packages (make setup)'), 0o755),
    ),
    fileEntry('/usr/share/doc/node/copyright', await readMachineFile(join(nodeDir, 'LICENSE'))),
    fileEntry(`${PROGRAM_DIR}/package.json`, '{ "type": "module" }\n'),
    ...(await readPlaces(libraries, 0o755)),
    ...(await describePackages(libraries)),
  ];
  return { layer: packLayer(entries, mtimeS), libraries };
}

/**
 * proxy-init runs on Node without being root, and hands these rights to iptables; everywhere else the container may not
 * have them, and Node, which asks for none, starts all the same. One Node for all: a second would double the images.
 */
function allowNetworkRights(node: TarEntry): TarEntry {
  const rights = encodeCapabilities(['NET_ADMIN', 'NET_RAW'], { effective: false });
  return { ...node, xattrs: { [CAPABILITY_XATTR]: rights } };
}
