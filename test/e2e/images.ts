import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeImage } from '../lab/image.ts';
import type { Lab } from '../lab/lab.ts';
import { report } from '../support/waiting.ts';
import { run } from './cluster/run.ts';
import { APP_IMAGE, NODE_PATH } from './mesh/workloads.ts';

const BUILDER = new URL('../../synth/images/main.ts', import.meta.url).pathname;
const PODS_DIR = new URL('../support/pods/', import.meta.url).pathname;
const BUILD_TIMEOUT_MS = 300_000;
const NOBODY = '65534';

/** Builds our images as `make images` does, and one with the apps of the scenarios, and loads them into the node. */
export async function importImages(lab: Lab): Promise<void> {
  const startedMs = performance.now();
  const dir = await mkdtemp(join(tmpdir(), 'e2e-images-'));
  try {
    const app = join(dir, 'app.tar');
    const [built] = await Promise.all([buildOwnImages(dir), buildAppImage(app, join(dir, 'root'))]);
    await lab.importImages([...built, app]);
  } finally {
    await rm(dir, { recursive: true });
  }
  report(`images built and imported in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

async function buildOwnImages(dir: string): Promise<readonly string[]> {
  const args = [BUILDER, '--out', dir];
  const { status, stdout, stderr } = await run(process.execPath, args, { timeoutMs: BUILD_TIMEOUT_MS });
  if (status !== 0) throw new Error(`the images cannot be built: ${stderr}${stdout}`);
  const names = [...stdout.matchAll(/(\S+\.tar) /g)].map(([, file = '']) => file);
  return names.map((file) => join(dir, file.slice(file.lastIndexOf('/') + 1)));
}

/** Node with the libraries it is linked to, and test/support/pods, which it runs as they are. */
async function buildAppImage(file: string, root: string): Promise<void> {
  const place = async (from: string, to: string) => {
    await mkdir(dirname(join(root, to)), { recursive: true });
    await cp(await realpath(from), join(root, to), { recursive: true });
  };
  await place(process.execPath, NODE_PATH);
  await place(PODS_DIR, '/pods');
  for (const library of await listLibraries(process.execPath)) await place(library, library);
  const reference = `docker.io/${APP_IMAGE}`;
  await writeImage(file, { reference, root, entrypoint: [NODE_PATH], user: NOBODY });
}

async function listLibraries(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
