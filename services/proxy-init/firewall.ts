import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { errorCode, type MeshError } from '#lib/base';
import { deniedFirewall, failedFirewall, failedSysctl, missingFirewall } from './errors.ts';

export interface FirewallCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
}

/** Conntrack's timeout for connections that one side has closed, in seconds. */
const CLOSE_WAIT_SYSCTL = '/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait';

/** Runs one firewall program, in `netns` where given, and returns what it printed. Rejects with a MeshError. */
export function runFirewall(command: FirewallCommand, netns: string | undefined): Promise<string> {
  const [program = '', ...args] = enterNetns(command, netns);
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(translateFailure(command.program, error, stderr));
    });
    // A program that is missing or ends early closes its input: its exit says why, not the broken pipe.
    child.stdin?.on('error', () => {});
    child.stdin?.end(command.input ?? '');
  });
}

/** The whole command line, with `nsenter` before it for a namespace that is not our own. */
export function enterNetns(command: FirewallCommand, netns: string | undefined): readonly string[] {
  const own = [command.program, ...command.args];
  return netns === undefined ? own : ['nsenter', `--net=${netns}`, '--', ...own];
}

export async function writeCloseWaitTimeout(seconds: number): Promise<void> {
  try {
    await writeFile(CLOSE_WAIT_SYSCTL, `${seconds}\n`);
  } catch (error) {
    throw failedSysctl(CLOSE_WAIT_SYSCTL, error);
  }
}

function translateFailure(program: string, error: Error, stderr: string): MeshError {
  const detail = stderr.trim().split('\n').join('; ') || error.message;
  if (errorCode(error) === 'ENOENT' || /failed to execute .*No such file/.test(stderr))
    return missingFirewall(program);
  if (
    errorCode(error) === 'EACCES' ||
    /permission denied|operation not permitted|must be root/i.test(stderr)
  ) {
    return deniedFirewall(program, detail);
  }
  return failedFirewall(program, detail);
}
