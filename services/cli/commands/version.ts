import { Command } from 'commander';
import { ANNOTATION, type Pod } from '#lib/resources';
import { PROXY_CONTAINER } from '../../proxy/contract.ts';
import { CLI_VERSION, DEFAULT_INSTANCE } from '../contract.ts';
import { readInstance } from '../local/state/instance.ts';
import type { CommandContext } from './context.ts';

interface VersionFlags {
  readonly client?: boolean;
  readonly short?: boolean;
  readonly proxy?: boolean;
  readonly name: string;
}

/** `linkerd version`: of the client, and of the local mesh if there is one. */
export function buildVersionCommand({ config, output }: CommandContext): Command {
  return new Command('version')
    .description('Print the client and server version information')
    .option('--client', 'print the client version only')
    .option('--proxy', 'print the versions of the proxies too')
    .option('--short', 'print the version number only')
    .option('--name <name>', 'the local mesh to ask', DEFAULT_INSTANCE)
    .action((flags: VersionFlags) => {
      const state = flags.client === true ? undefined : readInstance(flags.name, config.localDir);
      const server = state?.running === true ? state.instance.version : 'unavailable';
      const line = (label: string, version: string) =>
        output.stdout(flags.short === true ? `${version}\n` : `${label} version: ${version}\n`);
      line('Client', CLI_VERSION);
      if (flags.client === true) return;
      line('Server', server);
      if (flags.proxy === true) output.stdout(describeProxies(state?.pods ?? []));
    });
}

function describeProxies(pods: readonly Pod[]): string {
  const versions = new Map<string, number>();
  for (const pod of pods) {
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const version = pod.metadata.annotations?.[ANNOTATION.proxyVersion];
    if (version === undefined || !all.some(({ name }) => name === PROXY_CONTAINER)) continue;
    versions.set(version, (versions.get(version) ?? 0) + 1);
  }
  if (versions.size === 0) return 'Proxy versions: unavailable\n';
  return `Proxy versions:\n${[...versions].map(([version, count]) => `\t${version} (${count} pods)\n`).join('')}`;
}
