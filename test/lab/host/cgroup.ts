import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MeshError } from '#lib/base';
import { HOST_NAME } from '../config.ts';

export interface CgroupLayout {
  /** 1 also where a version 2 hierarchy without controllers stands beside those of version 1. */
  readonly version: 1 | 2;
  /** Mount points of all hierarchies. */
  readonly hierarchies: readonly string[];
}

/** What the kernel passes from a group to the groups below it, and a new cpuset lacks. */
const CPUSET_FILES = ['cpuset.cpus', 'cpuset.mems'];
const KILL_TIMEOUT_MS = 30_000;
const KILL_PAUSE_MS = 50;

/** Reads the layout from the text of /proc/mounts; undefined where no cgroups are mounted. */
export function parseCgroupLayout(mounts: string): CgroupLayout | undefined {
  const lines = mounts.split('\n').map((line) => line.split(' '));
  const pathsOf = (type: string) => [
    ...new Set(lines.filter(([, , kind]) => kind === type).map(([, path = '']) => path)),
  ];
  const [first, second] = [pathsOf('cgroup'), pathsOf('cgroup2')];
  if (first.length > 0) return { version: 1, hierarchies: [...first, ...second] };
  return second.length > 0 ? { version: 2, hierarchies: second } : undefined;
}

/** @throws MeshError LAB_CGROUPS when none are mounted. */
export async function readCgroupLayout(): Promise<CgroupLayout> {
  const layout = parseCgroupLayout(await readFile('/proc/mounts', 'utf8'));
  if (layout === undefined)
    throw new MeshError('LAB_CGROUPS', 'No cgroups are mounted here, which containers need: mount cgroup2.');
  return layout;
}

/** Makes our group for daemons, and answers the files to which a process writes itself in order to join it. */
export async function createCgroups({ version, hierarchies }: CgroupLayout): Promise<string[]> {
  for (const hierarchy of hierarchies) {
    await mkdir(join(hierarchy, HOST_NAME, 'daemons'), { recursive: true });
    for (const path of [HOST_NAME, join(HOST_NAME, 'daemons')]) await inheritCpuset(hierarchy, path);
    if (version === 2) await passControllers(hierarchy);
  }
  return hierarchies.map((hierarchy) => join(hierarchy, HOST_NAME, 'daemons', 'cgroup.procs'));
}

async function inheritCpuset(hierarchy: string, path: string): Promise<void> {
  for (const file of CPUSET_FILES) {
    const own = join(hierarchy, path, file);
    const parents = join(hierarchy, path, '..', file);
    if (existsSync(own) && existsSync(parents)) await writeFile(own, await readFile(parents));
  }
}

/** Version 2: what a group controls has to be passed down from each group above it. */
async function passControllers(hierarchy: string): Promise<void> {
  const available = (await readFile(join(hierarchy, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/);
  for (const group of [hierarchy, join(hierarchy, HOST_NAME)])
    await writeFile(join(group, 'cgroup.subtree_control'), available.map((name) => `+${name}`).join(' '));
}

/** Every process of the lab, its pods' too. */
async function listProcesses({ hierarchies }: CgroupLayout): Promise<number[]> {
  const pids = new Set<number>();
  for (const hierarchy of hierarchies)
    for (const group of await listGroups(join(hierarchy, HOST_NAME)))
      for (const pid of (await readOrEmpty(join(group, 'cgroup.procs'))).split('\n'))
        if (Number(pid) > 0) pids.add(Number(pid));
  return [...pids];
}

/**
 * Kills every process of the lab, and removes its groups.
 *
 * @throws MeshError LAB_CGROUPS when some process would not end.
 */
export async function killCgroups(layout: CgroupLayout): Promise<void> {
  const deadlineMs = performance.now() + KILL_TIMEOUT_MS;
  for (let pids = await listProcesses(layout); pids.length > 0; pids = await listProcesses(layout)) {
    if (performance.now() > deadlineMs)
      throw new MeshError('LAB_CGROUPS', `Processes of the lab do not end when killed: ${pids.join(', ')}.`);
    for (const pid of pids) kill(pid);
    await sleep(KILL_PAUSE_MS);
  }
  for (const hierarchy of layout.hierarchies)
    for (const group of await listGroups(join(hierarchy, HOST_NAME))) await removeGroup(group, deadlineMs);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** A group whose last process has just ended may be busy for another moment. */
async function removeGroup(group: string, deadlineMs: number): Promise<void> {
  while (existsSync(group)) {
    try {
      await rmdir(group);
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(KILL_PAUSE_MS);
    }
  }
}

/** This group and those below it, the deepest first. */
async function listGroups(group: string): Promise<string[]> {
  if (!existsSync(group)) return [];
  const entries = await readdir(group, { withFileTypes: true, recursive: true }).catch(() => []);
  const below = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  return [group, ...below].sort((one, other) => other.split('/').length - one.split('/').length);
}

/** A group may go while we look at it. */
function readOrEmpty(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
