import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADDRESS, CORE } from '../arena.ts';
import { type RunningProgram, startProgram } from '../program.ts';
import { askNamespace, type Stage } from '../stage.ts';
import type { RunningPair } from './peer.ts';

/** Where the two configured proxies listen: in plaintext beside the client, with mTLS beside the app. */
export const PAIR_PORT = { out: 9080, in: 9443 } as const;
export const OUT_ADDRESS = `127.0.0.1:${PAIR_PORT.out}`;
export const IN_ADDRESS = `${ADDRESS.server}:${PAIR_PORT.in}`;

export interface PairConfig {
  readonly out: string;
  readonly in: string;
}

const START_TIMEOUT_MS = '5000';

/** Starts a pair of a proxy that is all configuration file; `buildArgs` makes its command line. */
export async function startConfiguredPair(
  stage: Stage,
  program: string,
  { config, buildArgs }: { config: PairConfig; buildArgs: (configFile: string) => string[] },
): Promise<RunningPair> {
  const { arena, dir, cleanup } = stage;
  const start = async (side: 'out' | 'in'): Promise<RunningProgram> => {
    const file = join(dir, `${program}-${side}.conf`);
    await writeFile(file, config[side]);
    const namespace = side === 'out' ? arena.client : arena.server;
    return startProgram({ namespace, core: CORE.proxies, program, args: buildArgs(file) }, cleanup);
  };
  const inbound = await start('in');
  const outbound = await start('out');
  const describe = (): string => `${outbound.output()}${inbound.output()}`.trim();
  try {
    await askNamespace(arena.server, 'connect', IN_ADDRESS, START_TIMEOUT_MS);
    await askNamespace(arena.client, 'connect', OUT_ADDRESS, START_TIMEOUT_MS);
  } catch (error) {
    throw new Error(`${program} does not listen; it said: ${describe()}`, { cause: error });
  }
  return {
    target: { host: '127.0.0.1', port: PAIR_PORT.out },
    outPid: outbound.pid,
    inPid: inbound.pid,
    readyMs: null,
    describe,
    stop: async () => void (await Promise.all([outbound.stop(), inbound.stop()])),
  };
}
