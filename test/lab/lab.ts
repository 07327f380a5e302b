import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshError } from '#lib/base';
import { type Log, withLock } from './build/cache.ts';
import { runCommand } from './build/command.ts';
import { countPods, getFromApi } from './cluster/api.ts';
import { awaitApiServer, awaitCluster, boot, importImages, startDaemons } from './cluster/boot.ts';
import { DAEMONS } from './cluster/daemons.ts';
import { cacheDirectory, HOST_NAME, NETWORK, SERVER, STATE, STATE_DIR } from './config.ts';
import { killCgroups, readCgroupLayout } from './host/cgroup.ts';
import { checkNeeds } from './host/needs.ts';
import { HOLDER } from './host/node.ts';
import { findProcess, killProcess } from './host/process.ts';
import { arePrograms, ensurePrograms } from './programs.ts';
import { ensureHelm } from './tools.ts';

/** A running cluster of one node, and what a suite needs in order to use it. */
export interface Lab {
  /** With all rights. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly kubectl: string;
  readonly helm3: string;
  readonly helm4: string;
  readonly nodeIp: string;
  readonly stateDir: string;
  /** Loads images from files such as `docker save` or `writeImage` of image.ts write; pods name them with `imagePullPolicy: IfNotPresent`. */
  importImages(tars: readonly string[]): Promise<void>;
  /** Kills the API server as it stands and starts a new one; returns when that one is ready. */
  restartApiServer(): Promise<void>;
  stopApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
}

export interface LabStatus {
  readonly isUp: boolean;
  /** What a person wants to read. */
  readonly lines: readonly string[];
}

/** What is remembered of a lab that came up. */
interface ReadyRecord {
  readonly kubernetes: string;
  readonly version: string;
}

/**
 * Takes the running lab, with daemons that died started anew, or boots one. Builds and fetches first what this
 * machine lacks. Several callers at once get the same lab.
 *
 * @throws MeshError LAB_NEEDS when this machine can't run it, LAB_TIMEOUT when a part does not come up.
 */
export async function startLab(options: { readonly log?: Log } = {}): Promise<Lab> {
  const { log = () => {} } = options;
  await checkNeeds({ needsGo: !(await arePrograms()) });
  return withLabLock(async () => {
    const { kubectl } = await ensureHelm();
    const programs = await ensurePrograms(log);
    const record = await readRecord();
    if (record === undefined) {
      await sweep();
      await boot({ programs, kubectl, log });
      const { gitVersion } = JSON.parse(await getFromApi('/version')) as { gitVersion: string };
      const written: ReadyRecord = { kubernetes: programs.kubernetes, version: gitVersion };
      await writeFile(STATE.ready, JSON.stringify(written));
    } else {
      log(`the lab is up already (Kubernetes ${record.version})`);
      await startDaemons(DAEMONS, record.kubernetes);
      await awaitApiServer(record.kubernetes);
      await awaitCluster(record.kubernetes);
    }
    return describeLab();
  });
}

/** The lab that is up, or undefined. Its API server may have been stopped. */
export async function findLab(): Promise<Lab | undefined> {
  return (await readRecord()) === undefined ? undefined : describeLab();
}

/** Ends everything that was started and removes everything that was made, also after an interrupted start. */
export async function stopLab(): Promise<void> {
  await withLabLock(sweep);
}

export async function readStatus(): Promise<LabStatus> {
  const record = await readRecord();
  if (record === undefined) return { isUp: false, lines: ['The lab is down: "make lab-up" boots it.'] };
  const running = await Promise.all(
    DAEMONS.map(async (name) => ({ name, pid: (await findProcess(name))?.pid })),
  );
  const pods = await countPods().catch(() => undefined);
  return {
    isUp: running.every(({ pid }) => pid !== undefined) && pods !== undefined,
    lines: [
      `Kubernetes ${record.version} at ${SERVER}`,
      `KUBECONFIG=${STATE.kubeconfig}`,
      ...running.map(({ name, pid }) => `${name}: ${pid === undefined ? 'has ended' : `runs (${pid})`}`),
      pods === undefined ? 'the API server does not answer' : `pods: ${pods.ready} of ${pods.total} ready`,
    ],
  };
}

async function readRecord(): Promise<ReadyRecord | undefined> {
  if (!existsSync(STATE.ready) || (await findProcess(HOLDER)) === undefined) return undefined;
  return JSON.parse(await readFile(STATE.ready, 'utf8')) as ReadyRecord;
}

async function describeLab(): Promise<Lab> {
  const startApiServer = async (): Promise<void> => {
    const record = await readRecord();
    if (record === undefined) throw new MeshError('LAB_NODE', 'The lab is down: "make lab-up" boots it.');
    await awaitApiServer(record.kubernetes);
  };
  const stopApiServer = (): Promise<void> => killProcess('kube-apiserver');
  return {
    ...(await ensureHelm()),
    kubeconfig: STATE.kubeconfig,
    server: SERVER,
    nodeIp: NETWORK.nodeIp,
    stateDir: STATE_DIR,
    importImages,
    startApiServer,
    stopApiServer,
    restartApiServer: () => stopApiServer().then(startApiServer),
  };
}

async function withLabLock<T>(work: () => Promise<T>): Promise<T> {
  await mkdir(cacheDirectory(), { recursive: true });
  return withLock(join(cacheDirectory(), 'lab.lock'), work);
}

/** Mounts, links of pods and rules of the node went with its last process: see host/node.ts. */
async function sweep(): Promise<void> {
  await killCgroups(await readCgroupLayout());
  if (existsSync(`/sys/class/net/${HOST_NAME}`)) await removeLink();
  await rm(STATE_DIR, { recursive: true, force: true });
}

async function removeLink(): Promise<void> {
  try {
    await runCommand('ip', ['link', 'delete', HOST_NAME]);
  } catch (error) {
    // It goes by itself when the node's end of it goes.
    if (existsSync(`/sys/class/net/${HOST_NAME}`)) throw error;
  }
}
