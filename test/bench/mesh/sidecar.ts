import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshError } from '#lib/base';
import { settle } from '#lib/expr';
import { buildInitArgs } from '#lib/inject';
import {
  IDENTITY_DIR,
  PROXY_CONTAINER,
  PROXY_PORT,
  PROXY_UID,
  TOKEN_FILE,
} from '../../../services/proxy/contract.ts';
import { CORE } from '../arena.ts';
import { runCommand } from '../command.ts';
import { type RunningProgram, startProgram } from '../program.ts';
import { askNamespace, type Stage } from '../stage.ts';
import { type BenchCluster, NAMESPACE, type Side } from './cluster.ts';
import { resolveContainerEnv } from './container-env.ts';
import { CONTROL_PLANE_ENV } from './control-plane.ts';
import type { TokenSigner } from './token.ts';

/** The program of a mesh's proxy, and what it finds in its identity directory. */
export interface ProxyProgram {
  readonly program: string;
  readonly args: readonly string[];
  prepareIdentityDir?(dir: string, identity: string): Promise<void>;
}

export interface Sidecar {
  readonly process: RunningProgram;
  readonly readyMs: number;
}

const PROXY_INIT = join(import.meta.dirname, '../../../services/proxy-init/main.ts');
const READY_TIMEOUT_MS = '15000';
const ADMIN_URL = `http://127.0.0.1:${PROXY_PORT.admin}`;

/** Leads the TCP of both namespaces through their proxies, by the rules that the init container writes. */
export async function installRules(stage: Stage, cluster: BenchCluster): Promise<void> {
  for (const side of ['client', 'server'] as const) {
    const netns = `--netns=/run/netns/${stage.arena[side]}`;
    const rules = settle<readonly string[]>(buildInitArgs(cluster.values[side]));
    await runCommand(process.execPath, [PROXY_INIT, ...rules, netns]);
  }
}

/** Starts one side's proxy as the injected container says, and waits until it is ready. */
export async function startSidecar(
  stage: Stage,
  side: Side,
  { cluster, signer, proxy }: { cluster: BenchCluster; signer: TokenSigner; proxy: ProxyProgram },
): Promise<Sidecar> {
  const namespace = stage.arena[side];
  const env = await prepareEnv(stage, side, { cluster, signer, proxy });
  const place = { namespace, core: CORE.proxies, uid: PROXY_UID };
  const process = startProgram({ ...place, program: proxy.program, args: proxy.args, env }, stage.cleanup);
  try {
    const readyAt = Number(await askNamespace(namespace, 'wait', `${ADMIN_URL}/ready`, READY_TIMEOUT_MS));
    return { process, readyMs: readyAt - process.startedMs };
  } catch (error) {
    await process.stop();
    const text = `the ${side}'s proxy is not ready; it said: ${process.output().trim()}`;
    throw new MeshError('BENCH_PROGRAM_FAILED', text, { cause: error });
  }
}

export function readMetrics(stage: Stage, side: Side): Promise<string> {
  return askNamespace(stage.arena[side], 'get', `${ADMIN_URL}/metrics`);
}

/** The injected environment, with the mounted paths and the control plane's addresses of this place. */
async function prepareEnv(
  stage: Stage,
  side: Side,
  { cluster, signer, proxy }: { cluster: BenchCluster; signer: TokenSigner; proxy: ProxyProgram },
): Promise<Record<string, string>> {
  const identityDir = join(stage.dir, `identity-${side}`);
  const tokenFile = join(stage.dir, `token-${side}`);
  await mkdir(identityDir, { recursive: true });
  await chmod(identityDir, 0o777);
  await writeFile(tokenFile, signer.signToken({ namespace: NAMESPACE, name: side }));
  const injected = resolveContainerEnv(cluster.pods[side], PROXY_CONTAINER);
  await proxy.prepareIdentityDir?.(identityDir, injected['LINKERD2_PROXY_IDENTITY_LOCAL_NAME'] ?? '');
  const moved = new Map([
    [IDENTITY_DIR, identityDir],
    [TOKEN_FILE, tokenFile],
  ]);
  const env = Object.entries(injected).map(([name, value]) => [name, moved.get(value) ?? value]);
  return { ...Object.fromEntries(env), ...CONTROL_PLANE_ENV };
}
