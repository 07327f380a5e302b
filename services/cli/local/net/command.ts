import { execFile } from 'node:child_process';
import { errorCode, MeshError } from '#lib/base';

/**
 * Runs a program to its end and returns what it printed. Rejects with a MeshError that says which program,
 * what it complained about, and, where it is missing, what to install.
 */
export function runCommand(command: readonly string[], input = ''): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(translateFailure(command, error, stderr));
    });
    // A program that ends before it has read everything says why by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Runs a program in a network namespace. */
export function runInNetns(netns: string, command: readonly string[], input = ''): Promise<string> {
  return runCommand(['nsenter', `--net=${netnsPath(netns)}`, '--', ...command], input);
}

/** Runs `ip` with several commands at once, in a namespace or, without one, on the host. */
export async function runIpBatch(netns: string | undefined, lines: readonly string[]): Promise<void> {
  const where = netns === undefined ? [] : ['-n', netns];
  await runCommand(['ip', ...where, '-batch', '-'], `${lines.join('\n')}\n`);
}

export function netnsPath(netns: string): string {
  return `/run/netns/${netns}`;
}

const PACKAGES: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  'iptables-restore': 'iptables',
};

function translateFailure(command: readonly string[], error: Error, stderr: string): MeshError {
  const program = command[0] ?? '';
  const missing =
    /failed to execute (\S+): No such file/.exec(stderr)?.[1] ??
    (errorCode(error) === 'ENOENT' ? program : undefined);
  if (missing !== undefined) {
    const advice =
      PACKAGES[missing] === undefined ? 'install it' : `install the package ${PACKAGES[missing]}`;
    return new MeshError('PROGRAM_MISSING', `the program ${missing} was not found: ${advice}`, {
      cause: error,
    });
  }
  if (/operation not permitted|permission denied/i.test(stderr)) {
    return new MeshError(
      'COMMAND_DENIED',
      `${command.slice(0, 6).join(' ')} is not permitted (${stderr.trim().split('\n')[0]}), though this is root: in a container, run it with --privileged, or on the host`,
      { cause: error },
    );
  }
  const detail = stderr.trim().split('\n').join('; ') || error.message;
  return new MeshError('COMMAND_FAILED', `${command.slice(0, 6).join(' ')} failed: ${detail}`, {
    cause: error,
  });
}
