import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describeError, errorCode, type MeshError } from '#lib/base';
import { describeMend, parsePrivileges } from './core/privileges.ts';
import { deniedFirewall, failedFirewall, failedSysctl, missingFirewall } from './errors.ts';

export interface FirewallCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
}

/** Conntrack's timeout for connections that one side has closed, in seconds. */
const CLOSE_WAIT_SYSCTL = '/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait';

/** Runs one firewall program, in `netns` where given, and returns what it printed. Rejects with a MeshError. */
export async function runFirewall(command: FirewallCommand, netns: string | undefined): Promise<string> {
  const { error, stdout, stderr } = await run(enterNetns(command, netns), command.input ?? '');
  if (error === null) return stdout;
  throw translateFailure(command.program, error, stderr);
}

interface Ended {
  readonly error: Error | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Most reasons why a program cannot be started come to the callback; some, such as EPERM, are thrown. */
function run([program = '', ...args]: readonly string[], input: string): Promise<Ended> {
  return new Promise<Ended>((resolve) => {
    const options = { maxBuffer: 16 * 1024 * 1024 };
    const child = execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ error, stdout, stderr }),
    );
    // A program that is missing or ends early closes its input: its exit says why, not the broken pipe.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  }).catch((error: unknown) => ({
    error: error instanceof Error ? error : new Error(describeError(error)),
    stdout: '',
    stderr: '',
  }));
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
    ['EACCES', 'EPERM'].includes(errorCode(error)) ||
    /permission denied|operation not permitted|must be root/i.test(stderr)
  ) {
    return deniedFirewall(program, detail, describeMend(parsePrivileges(readOwnStatus())));
  }
  return failedFirewall(program, detail);
}

function readOwnStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
