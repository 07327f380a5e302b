import { readdir, readFile } from 'node:fs/promises';

/** CPU time that a process and its descendants have used so far, in microseconds. Source: proc(5), schedstat. */
export async function readCpuUs(pid: number): Promise<number> {
  const perProcess = await Promise.all((await listTree(pid)).map(readProcessCpuNs));
  return sum(perProcess) / 1000;
}

/** Anonymous resident memory (RssAnon) of a process and its descendants, in MB of 1e6 bytes. */
export async function readPrivateMb(pid: number): Promise<number> {
  const perProcess = await Promise.all((await listTree(pid)).map(readProcessAnonKb));
  return (sum(perProcess) * 1024) / 1e6;
}

/** How long a core has been busy so far, with whatever, in microseconds. Source: proc(5), /proc/stat; USER_HZ is 100. */
export async function readCoreBusyUs(core: number): Promise<number> {
  const line = new RegExp(`^cpu${core} (.+)$`, 'm').exec(await readText('/proc/stat'))?.[1] ?? '';
  const ticks = line.split(' ').map(Number);
  const [, , , idle = 0, ioWait = 0] = ticks;
  // The last two are part of the first two.
  return (sum(ticks.slice(0, 8)) - idle - ioWait) * 10_000;
}

async function readProcessCpuNs(pid: number): Promise<number> {
  const threads = await readDirectory(`/proc/${pid}/task`);
  const times = threads.map(async (thread) => {
    const text = await readText(`/proc/${pid}/task/${thread}/schedstat`);
    return Number(text.split(' ')[0]);
  });
  return sum(await Promise.all(times));
}

async function readProcessAnonKb(pid: number): Promise<number> {
  const match = /^RssAnon:\s+(\d+) kB$/m.exec(await readText(`/proc/${pid}/status`));
  return Number(match?.[1] ?? 0);
}

/** The process and all below it, by the parents that /proc names. */
async function listTree(root: number): Promise<number[]> {
  const pids = (await readDirectory('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  await Promise.all(
    pids.map(async (pid) => parents.set(pid, parseParent(await readText(`/proc/${pid}/stat`)))),
  );
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at)) {
      if (at === root) return true;
    }
    return false;
  };
  return pids.filter(isBelow);
}

/** The fourth field of /proc/PID/stat; the second may hold spaces and parentheses. */
function parseParent(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/** Empty for a process that has ended meanwhile. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

async function readDirectory(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
