import { existsSync } from 'node:fs';
import { mkdir, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MeshError } from '#lib/base';
import { runCommand } from '../build/command.ts';
import { HOST_NAME, NETWORK, STATE } from '../config.ts';
import { findProcess, launch } from './process.ts';

/**
 * The node is a set of namespaces, of mounts and of the network, that one sleeping process holds open. Whatever
 * is mounted, linked or filtered for the cluster is in them, and goes when the last process in them ends.
 */
export const HOLDER = 'node';

/** Of the machine, but of its own for the node: containerd, the kubelet and CNI have fixed paths below these. */
const OWN_FOLDERS = ['/run', '/var/lib', '/var/log'];

/**
 * The kubelet wants these values of kernel settings that all of the machine shares, and would set them. The node
 * is shown files with these values instead.
 */
const SHOWN_SYSCTLS = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};
const OWN_SYSCTLS = ['net/ipv4/ip_forward', 'net/bridge/bridge-nf-call-iptables'];
const START_TIMEOUT_MS = 10_000;
const PAUSE_MS = 10;

/** Makes the node and its link to the machine. */
export async function createNode(cgroupFiles: readonly string[]): Promise<void> {
  const command = ['unshare', '--mount', '--net', '--propagation', 'private', 'sleep', 'infinity'];
  const { pid } = await launch({ name: HOLDER, command, cgroupFiles });
  await awaitNamespaces(pid);
  await connectNode(pid);
  await runCommand(...(await inNode(['sh', '-euc', await prepareScript()])));
}

/** The same command, run in the node's namespaces. */
export async function inNode(command: readonly string[]): Promise<[string, string[]]> {
  const holder = await findProcess(HOLDER);
  if (holder === undefined)
    throw new MeshError('LAB_NODE', 'The node is gone: run "make lab-down" and "make lab-up".');
  return ['nsenter', ['--target', String(holder.pid), '--mount', '--net', '--', ...command]];
}

async function awaitNamespaces(pid: number): Promise<void> {
  const own = await readlink('/proc/self/ns/net');
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while ((await readlink(`/proc/${pid}/ns/net`).catch(() => own)) === own) {
    if (performance.now() > deadlineMs)
      throw new MeshError('LAB_NODE', `The node's namespaces can't be made: see ${STATE.logs}.`);
    await sleep(PAUSE_MS);
  }
}

/** A link with one end on the machine, over which it also reaches pods and services. */
async function connectNode(pid: number): Promise<void> {
  const { hostIp, nodeIp, prefixLength, pods, services } = NETWORK;
  const lines = [
    `link add ${HOST_NAME} type veth peer name eth0 netns ${pid}`,
    `address add ${hostIp}/${prefixLength} dev ${HOST_NAME}`,
    `link set ${HOST_NAME} up`,
    `route add ${pods} via ${nodeIp}`,
    `route add ${services} via ${nodeIp}`,
  ];
  await runCommand('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
}

async function prepareScript(): Promise<string> {
  const { hostIp, nodeIp, prefixLength } = NETWORK;
  const mounts = [...(await shadowFolders()), ...(await shadowSysctls())];
  return [
    ...mounts.map(([source, target]) => `mount --bind ${source} ${target}`),
    'mount --make-rshared /',
    'ip link set lo up',
    `ip address add ${nodeIp}/${prefixLength} dev eth0`,
    'ip link set eth0 up',
    `ip route add default via ${hostIp}`,
    ...OWN_SYSCTLS.map((name) => `if [ -e /proc/sys/${name} ]; then echo 1 > /proc/sys/${name}; fi`),
  ].join('\n');
}

async function shadowFolders(): Promise<[string, string][]> {
  const pairs = OWN_FOLDERS.map((folder): [string, string] => [join(STATE.mounts, folder), folder]);
  for (const [source] of pairs) await mkdir(source, { recursive: true });
  return pairs;
}

async function shadowSysctls(): Promise<[string, string][]> {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(SHOWN_SYSCTLS)) {
    const [source, target] = [join(STATE.mounts, 'sysctl', name), join('/proc/sys', name)];
    if (!existsSync(target)) continue;
    await mkdir(dirname(source), { recursive: true });
    await writeFile(source, `${value}\n`);
    pairs.push([source, target]);
  }
  return pairs;
}
