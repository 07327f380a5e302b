import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import type { Log } from '../build/cache.ts';
import { runCommand } from '../build/command.ts';
import { retryUntil } from '../build/wait.ts';
import { CONTAINERD_SOCKET, NETWORK, NODE_NAME, STATE, STATE_DIR } from '../config.ts';
import { createCgroups, readCgroupLayout } from '../host/cgroup.ts';
import { createNode, inNode } from '../host/node.ts';
import { findProcess, launch, logFile } from '../host/process.ts';
import type { Programs } from '../programs.ts';
import { getFromApi, requireCondition } from './api.ts';
import { commandOf, DAEMONS, type Daemon } from './daemons.ts';
import { renderDns } from './dns.ts';
import { writePki } from './pki.ts';
import { writeSettings } from './settings.ts';

export interface BootOptions {
  readonly programs: Programs;
  readonly kubectl: string;
  readonly log: Log;
}

const FIRST_DAEMONS = ['etcd', 'containerd', 'kube-apiserver'] as const;
const READY_TIMEOUT_MS = 300_000;
const IMPORT_TIMEOUT_MS = 300_000;

/** Boots a cluster where there is none: afterwards its node is ready and its DNS answers. */
export async function boot({ programs, kubectl, log }: BootOptions): Promise<void> {
  const startMs = performance.now();
  const report = (what: string): void =>
    log(`${((performance.now() - startMs) / 1000).toFixed(1)} s: ${what}`);
  await createNode(await createCgroups(await readCgroupLayout()));
  await writePki(programs.pki);
  await writeSettings();
  report('node made');
  await startDaemons(FIRST_DAEMONS, programs.kubernetes);
  await Promise.all([
    awaitApiServer(programs.kubernetes).then(() => report('API server ready')),
    importImages(programs.images).then(() => report('images imported')),
  ]);
  await startDaemons(DAEMONS, programs.kubernetes);
  await applyDns(kubectl);
  await awaitCluster(programs.kubernetes);
  report('node ready, DNS answers');
}

/** Starts those of the daemons that do not run. */
export async function startDaemons(daemons: readonly Daemon[], kubernetes: string): Promise<void> {
  for (const name of daemons) {
    if ((await findProcess(name)) !== undefined) continue;
    const cgroupFiles = await createCgroups(await readCgroupLayout());
    const [nsenter, args] = await inNode(commandOf(name, kubernetes));
    await launch({ name, command: [nsenter, ...args], cgroupFiles });
  }
}

/** Starts anew what dies meanwhile: on a slow machine the API server gives up waiting for etcd. */
export function awaitApiServer(kubernetes: string): Promise<string> {
  const attempt = async (): Promise<string> => {
    await startDaemons(FIRST_DAEMONS, kubernetes);
    return getFromApi('/readyz');
  };
  return retryUntil(attempt, {
    what: 'The API server was not ready',
    hint: `See ${logFile('kube-apiserver')} and ${logFile('etcd')}`,
    timeoutMs: READY_TIMEOUT_MS,
  });
}

/** Until pods can be made and can find each other. */
export async function awaitCluster(kubernetes: string): Promise<void> {
  const parts: [string, () => Promise<unknown>, string][] = [
    ['The node was not ready', () => requireCondition(`/api/v1/nodes/${NODE_NAME}`, 'Ready'), 'kubelet'],
    ['There was no service account', requireServiceAccount, 'kube-controller-manager'],
    ['CoreDNS was not available', requireDnsPod, 'kubelet'],
    ['The DNS did not answer', requireDnsAnswer, 'kube-proxy'],
  ];
  for (const [what, check, daemon] of parts) {
    const attempt = async (): Promise<unknown> => {
      await startDaemons(DAEMONS, kubernetes);
      return check();
    };
    await retryUntil(attempt, { what, hint: `See ${logFile(daemon)}`, timeoutMs: READY_TIMEOUT_MS });
  }
}

/** Loads images from files such as `docker save` writes. */
export async function importImages(tars: readonly string[]): Promise<void> {
  await retryUntil(async () => runCommand(...(await askContainerd(['version']))), {
    what: 'containerd did not answer',
    hint: `See ${logFile('containerd')}`,
    timeoutMs: READY_TIMEOUT_MS,
  });
  for (const inputFile of tars) {
    const [program, args] = await askContainerd(['--namespace', 'k8s.io', 'images', 'import', '-']);
    await runCommand(program, args, { inputFile, timeoutMs: IMPORT_TIMEOUT_MS });
  }
}

function askContainerd(args: readonly string[]): Promise<[string, string[]]> {
  return inNode(['ctr', '--address', CONTAINERD_SOCKET, ...args]);
}

async function applyDns(kubectl: string): Promise<void> {
  const args = ['--kubeconfig', STATE.kubeconfig, 'create', '--validate=false', '-f', '-'];
  await runCommand(kubectl, args, {
    input: JSON.stringify(renderDns()),
    env: { NO_PROXY: NETWORK.nodeIp, no_proxy: NETWORK.nodeIp, KUBECACHEDIR: join(STATE_DIR, 'kubectl') },
  });
}

function requireServiceAccount(): Promise<string> {
  return getFromApi('/api/v1/namespaces/default/serviceaccounts/default');
}

function requireDnsPod(): Promise<void> {
  return requireCondition('/apis/apps/v1/namespaces/kube-system/deployments/coredns', 'Available');
}

async function requireDnsAnswer(): Promise<void> {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([NETWORK.dnsService]);
  await resolver.resolve4(`kubernetes.default.svc.${NETWORK.domain}`);
}
