import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PROXY_NODE_FLAGS, PROXY_UID } from '../../services/proxy/contract.ts';
import { type ImageArchive, packImage } from './archive.ts';
import { type BaseLayer, createBaseLayer } from './base-layer.ts';
import {
  COMMAND,
  CONTROLLER_UID,
  IMAGE,
  IMAGE_HOST,
  type ImageKey,
  NODE_PATH,
  PROGRAM_DIR,
  SUBCOMMANDS,
} from './contract.ts';
import { createDebugLayer } from './debug-layer.ts';
import { createFirewallLayer } from './firewall-layer.ts';
import { type Layer, linkEntry, packLayer } from './layer.ts';
import type { ImagesOptions } from './options.ts';
import { bundleDispatcher, bundlePrograms } from './programs.ts';
import type { TarEntry } from './tar.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface BuiltImage {
  readonly key: ImageKey;
  /** Host, name and tag. */
  readonly reference: string;
  readonly archive: ImageArchive;
  readonly layers: readonly Layer[];
}

type BuildOptions = Omit<ImagesOptions, 'outDir'>;

interface ImagePlan {
  readonly title: string;
  readonly user: number;
  readonly entrypoint: readonly string[];
}

const PLAN: Readonly<Record<ImageKey, ImagePlan>> = {
  controller: {
    title: 'The control plane of linkerd-ts',
    user: CONTROLLER_UID,
    entrypoint: [COMMAND.controller],
  },
  proxy: {
    title: 'The sidecar proxy of linkerd-ts, with proxy-init, network-validator and linkerd-await',
    user: PROXY_UID,
    entrypoint: [NODE_PATH, ...PROXY_NODE_FLAGS, `${PROGRAM_DIR}/proxy.js`],
  },
  // Only root may listen to an interface; tcpdump stays root, since there is no user of its own.
  debug: {
    title: 'What one looks into the network of a pod with',
    user: 0,
    entrypoint: ['/usr/bin/tcpdump', '-Z', 'root', '-i', 'any', '-nn'],
  },
};

/** Builds every image in memory, of this machine's processor. Rejects with a MeshError that names what is missing. */
export async function buildImages(options: BuildOptions): Promise<readonly BuiltImage[]> {
  const base = await createBaseLayer(locateNode(), options.epochS);
  return [
    buildImage('controller', [base.layer, await createControllerLayer(options)], options),
    buildImage('proxy', await createProxyLayers(base, options), options),
    buildImage('debug', [await createDebugLayer(options.epochS)], options),
  ];
}

function locateNode(): { nodeDir: string; addons: readonly string[] } {
  const modules = join(ROOT, 'node_modules');
  const { arch } = process;
  return {
    nodeDir: join(modules, `node-linux-${arch}`),
    addons: [join(modules, `@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`)],
  };
}

async function createControllerLayer({ epochS }: BuildOptions): Promise<Layer> {
  const subcommands = SUBCOMMANDS.filter((name) => existsSync(join(ROOT, 'services', name, 'main.ts')));
  const entries = [
    ...(await bundlePrograms([...subcommands, 'policy'])),
    await bundleDispatcher(),
    linkProgram(COMMAND.controller, 'controller'),
    linkProgram(COMMAND.policy, 'policy'),
  ];
  return packLayer(entries, epochS);
}

async function createProxyLayers(base: BaseLayer, { epochS }: BuildOptions): Promise<readonly Layer[]> {
  const entries = [
    ...(await bundlePrograms(['linkerd-await', 'network-validator', 'proxy', 'proxy-init'])),
    linkProgram(COMMAND.proxyInit, 'proxy-init'),
    linkProgram(COMMAND.networkValidator, 'network-validator'),
    linkProgram(COMMAND.await, 'linkerd-await'),
  ];
  return [base.layer, await createFirewallLayer(base.libraries, epochS), packLayer(entries, epochS)];
}

/** Node resolves the link, and so finds the bundle's ending and its neighbours. */
function linkProgram(command: string, program: string): TarEntry {
  return linkEntry(command, `${PROGRAM_DIR}/${program}.js`);
}

function buildImage(key: ImageKey, layers: readonly Layer[], options: BuildOptions): BuiltImage {
  const { version, arch, epochS } = options;
  const { title, user, entrypoint } = PLAN[key];
  const name = `${IMAGE_HOST}/${IMAGE[key]}`;
  const archive = packImage(
    {
      name,
      tag: version,
      arch,
      user: String(user),
      entrypoint,
      // Threads that take turns on few CPUs need no heaps of their own: it halves what malloc keeps after a burst.
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'MALLOC_ARENA_MAX=2'],
      labels: {
        'org.opencontainers.image.licenses': 'Apache-2.0',
        'org.opencontainers.image.title': basename(name),
        'org.opencontainers.image.description': title,
        'org.opencontainers.image.version': version,
      },
      createdS: epochS,
    },
    layers,
  );
  return { key, reference: `${name}:${version}`, archive, layers };
}
