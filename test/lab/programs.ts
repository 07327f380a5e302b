import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isCached, type Log, takeFromCache } from './build/cache.ts';
import { buildModule, type GoModule, keyOfModule } from './build/go.ts';
import { IMAGE, VERSION } from './config.ts';
import { writeImage } from './image.ts';

/** Absolute paths of what the lab builds itself. */
export interface Programs {
  /** Every part of Kubernetes and etcd; the first argument says which. */
  readonly kubernetes: string;
  /** Writes certificates: see kubernetes/pki. */
  readonly pki: string;
  /** Images of the pause process and of CoreDNS. */
  readonly images: readonly string[];
}

/** `/version` says what these are set to, and Helm believes it. */
const VERSION_PACKAGES = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];

const KUBERNETES: GoModule = {
  folder: join(import.meta.dirname, 'kubernetes'),
  version: VERSION.kubernetes,
  packages: ['.', './pause', './pki'],
  linkerFlags: renderVersionFlags(VERSION.kubernetes),
};
const COREDNS: GoModule = {
  folder: join(import.meta.dirname, 'coredns'),
  version: VERSION.coredns,
  packages: ['.'],
  linkerFlags: '',
};

/** Builds what this machine has not built yet: minutes the first time, nothing afterwards. */
export async function ensurePrograms(log: Log): Promise<Programs> {
  const kubernetes = await takeBuilt(KUBERNETES, { log, finish: (folder) => packImage(folder, 'pause') });
  const coredns = await takeBuilt(COREDNS, { log, finish: (folder) => packImage(folder, 'coredns') });
  return {
    kubernetes: join(kubernetes, 'kubernetes'),
    pki: join(kubernetes, 'pki'),
    images: [join(kubernetes, 'pause.tar'), join(coredns, 'coredns.tar')],
  };
}

/** Whether nothing has to be built. */
export async function arePrograms(): Promise<boolean> {
  const names = await Promise.all([KUBERNETES, COREDNS].map(nameOf));
  return names.every(isCached);
}

function renderVersionFlags(version: string): string {
  const [major, minor] = version.split('.');
  const values = {
    gitVersion: `v${version}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '1970-01-01T00:00:00Z',
  };
  return VERSION_PACKAGES.flatMap((path) =>
    Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`),
  ).join(' ');
}

interface BuildOptions {
  readonly log: Log;
  finish(folder: string): Promise<void>;
}

async function nameOf(module: GoModule): Promise<string> {
  return `${basename(module.folder)}-${module.version}-${await keyOfModule(module)}`;
}

async function takeBuilt(module: GoModule, { log, finish }: BuildOptions): Promise<string> {
  const name = basename(module.folder);
  return takeFromCache({
    name: await nameOf(module),
    fill: async (folder) => {
      log(`building ${name} ${module.version} (once; minutes when Go's own cache is empty)`);
      const startMs = performance.now();
      await buildModule(module, folder);
      await finish(folder);
      log(`built ${name} ${module.version} in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    },
  });
}

/** Moves a program out of the folder into an image that has nothing but it. */
async function packImage(folder: string, program: 'pause' | 'coredns'): Promise<void> {
  const root = join(folder, 'root');
  await mkdir(root);
  await chmod(root, 0o755);
  await rename(join(folder, program), join(root, program));
  await writeImage(join(folder, `${program}.tar`), {
    reference: IMAGE[program],
    root,
    entrypoint: [`/${program}`],
  });
  await rm(root, { recursive: true });
}
