import type { Environment } from '#lib/config';
import { requestShutdown, waitUntilReady } from './admin.ts';
import { becomeCommand, runCommand } from './command.ts';
import type { AwaitConfig } from './config.ts';
import { AWAIT_EXIT } from './contract.ts';
import { unreadyProxy } from './errors.ts';

interface Surroundings {
  readonly env: Environment;
  /** Where notes and complaints go, a line each. */
  readonly complain: (line: string) => void;
}

/**
 * Waits for the proxy, then runs the command, if there is one. Resolves with the exit status; does not return where
 * it becomes the command. Rejects with a MeshError where the command can't be run.
 */
export async function runAwait(config: AwaitConfig, { env, complain }: Surroundings): Promise<number> {
  const { command, disabledReason, port } = config;
  if (disabledReason !== undefined) {
    if (config.verbose) complain(`no wait for the proxy: ${disabledReason}`);
  } else {
    const last = await waitUntilReady(config);
    if (last !== undefined) {
      complain(unreadyProxy(port, config.timeoutMs ?? 0, last).message);
      if (config.isTimeoutFatal) return AWAIT_EXIT.unavailable;
    }
    if (config.shutdown) return runThenShutDown(command, port, env);
  }
  if (command.length > 0) becomeCommand(command, env);
  return AWAIT_EXIT.ok;
}

async function runThenShutDown(command: readonly string[], port: number, env: Environment): Promise<number> {
  try {
    return await runCommand(command, env);
  } finally {
    await requestShutdown(port);
  }
}
