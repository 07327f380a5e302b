import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { removeBaseDir } from '../cleanup.ts';
import { PROGRAMS_DIR } from '../core/container-script.ts';
import { runCommand } from '../net/command.ts';
import { sendSignal } from '../net/netns.ts';
import { type Instance, listInstances, readInstance } from '../state/instance.ts';
import { instancePaths } from '../state/paths.ts';

/** How long processes may take to vanish after SIGKILL. */
const KILL_WAIT_MS = 3000;
const KILL_POLL_MS = 20;

/**
 * Removes what a mesh without root left when its own process could not: the processes of its containers, with
 * which its namespaces, links and rules go, and its files.
 */
export async function removeElsewhere(instance: Instance, baseDir: string): Promise<void> {
  await killContainers(instance, baseDir);
  const paths = instancePaths(baseDir, instance.name);
  await removeFiles(paths.dir);
  removeBaseDir(paths);
}

async function killContainers({ name, userNamespace }: Instance, baseDir: string): Promise<void> {
  // The kernel gives numbers of namespaces again, also to another mesh.
  if (userNamespace === undefined || isTakenAgain(name, { userNamespace, baseDir })) return;
  const endMs = performance.now() + KILL_WAIT_MS;
  for (;;) {
    const pids = listContainerProcesses(userNamespace);
    if (pids.length === 0 || performance.now() > endMs) return;
    for (const pid of pids) sendSignal(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, KILL_POLL_MS));
  }
}

function isTakenAgain(name: string, taken: { userNamespace: string; baseDir: string }): boolean {
  return listInstances(taken.baseDir).some((other) => {
    const state = other === name ? undefined : readInstance(other, taken.baseDir);
    return state?.running === true && state.instance.userNamespace === taken.userNamespace;
  });
}

/** Only containers of a local mesh have its programs mounted, and they cannot take that away. */
function listContainerProcesses(userNamespace: string): readonly number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).filter((pid) => {
    try {
      if (readlinkSync(`/proc/${pid}/ns/user`) !== userNamespace) return false;
      return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(` ${PROGRAMS_DIR} `);
    } catch {
      // It has ended meanwhile, or is another user's.
      return false;
    }
  });
}

/** Users of containers are nobody outside of a user namespace: what they wrote goes from inside of one. */
async function removeFiles(dir: string): Promise<void> {
  try {
    rmSync(dir, { recursive: true, force: true });
  } catch {
    await runCommand(['unshare', '--user', '--map-root-user', '--map-auto', 'rm', '-rf', '--', dir]);
  }
}
