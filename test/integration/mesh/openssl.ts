import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ClientRun {
  /** The arguments of `openssl s_client` after those below. */
  readonly args: readonly string[];
  readonly connect: string;
  /** Sent once the handshake is over. */
  readonly input: string;
}

export interface ClientResult {
  /** What the server sent inside of TLS, between what s_client says of the handshake. */
  readonly stdout: string;
  /** Alerts and errors. */
  readonly stderr: string;
}

const TIMEOUT_MS = 20_000;

/** Runs `openssl s_client` until the server closes the connection or refuses it. */
export async function runOpensslClient({ args, connect, input }: ClientRun): Promise<ClientResult> {
  const child = spawn('openssl', ['s_client', '-connect', connect, '-ign_eof', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  child.stdin.on('error', () => {});
  child.stdin.write(input);
  await once(child, 'close');
  clearTimeout(timer);
  return { stdout, stderr };
}
