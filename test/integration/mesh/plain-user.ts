import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProcessStart } from '../../../services/cli/local/state/instance.ts';
import type { CliResult } from './local-mesh.ts';

const CHECKOUT = new URL('../../../', import.meta.url).pathname;
const NOBODY = 65_534;
/** What Debian gives users: `ip` and `iptables` are in none of these. */
const USER_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games';
/** Shows $2 the folder $1, wherever that is, and runs the rest; others see nothing of it. */
const SHOW_SCRIPT = 'mount -n --bind "$1" "$2"; shift 2; exec "$@"';

/** A user of this machine without root, made by a test that has it. */
export interface PlainUser {
  readonly name: string;
  /** A folder that is the user's own; it goes with the user. */
  readonly dir: string;
  /** Where the user's local meshes are. */
  readonly localDir: string;
  /** Runs any command as the user. */
  run(...command: string[]): Promise<CliResult>;
  /** Runs `linkerd ARGS` as the user. */
  runCli(...args: string[]): Promise<CliResult>;
  remove(): void;
}

/** Makes a user without any rights, and without ranges of ids for containers. Needs root. */
export function addPlainUser(): PlainUser {
  const name = `l5d-test-${process.pid}`;
  execFileSync('useradd', ['--system', '--user-group', '--no-create-home', name]);
  const uid = execFileSync('id', ['-u', name], { encoding: 'utf8' }).trim();
  const dir = mkdtempSync(join(tmpdir(), 'linkerd-plain-user-'));
  const checkout = join(dir, 'checkout');
  mkdirSync(checkout);
  execFileSync('chown', ['-R', `${name}:`, dir]);
  const become = ['setpriv', `--reuid=${name}`, `--regid=${name}`, '--clear-groups', 'env', '-i'];
  const run = (...command: string[]) =>
    runShown([CHECKOUT, checkout, ...become, `PATH=${USER_PATH}`, `HOME=${dir}`, ...command]);
  return {
    name,
    dir,
    localDir: `/tmp/linkerd-local-${uid}`,
    run,
    runCli: (...args) => run(join(checkout, 'services/cli/linkerd'), ...args),
    remove() {
      rmSync(dir, { recursive: true, force: true });
      execFileSync('userdel', [name]);
    },
  };
}

/** Why the kernel lets no user make a user namespace; undefined: it does. Needs root. */
export function findKernelRefusal(): string | undefined {
  const nobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const trial = ['unshare', '--user', '--map-root-user', '--net', '--mount', 'true'];
  const ended = spawnSync('env', [...nobody, ...trial], { encoding: 'utf8', cwd: '/' });
  return ended.status === 0 ? undefined : ended.stderr.trim();
}

/** The processes that live in a user namespace. */
export function listMembers(userNamespace: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const isMember = /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/user`) === userNamespace;
      // Of one that has ended there may still be the exit code.
      return isMember && readProcessStart(Number(pid)) !== '';
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

function runShown(args: readonly string[]): Promise<CliResult> {
  const command = ['--mount', '--propagation', 'private', 'sh', '-euc', SHOW_SCRIPT, 'sh', ...args];
  return new Promise((resolve) => {
    execFile('unshare', command, { cwd: '/' }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}
