import { Command, Option } from 'commander';
import { parseGoDuration } from '#lib/base';
import { DEFAULT_INSTANCE } from '../contract.ts';
import { invalidFlag } from '../errors.ts';
import { runDetached } from '../local/detach.ts';
import { bringDown } from '../local/down.ts';
import { takeRoot } from '../local/rootless/re-exec.ts';
import { printStatus } from '../local/status.ts';
import type { UpOptions } from '../local/up.ts';
import type { CommandContext } from './context.ts';

/** `linkerd local`: a mesh on this machine, from a folder of manifests. */
export function buildLocalCommand(context: CommandContext): Command {
  return new Command('local')
    .description('Run a mesh on this machine, from a folder of Kubernetes manifests')
    .addCommand(buildUp(context))
    .addCommand(buildStatus(context))
    .addCommand(buildDown(context));
}

interface UpFlags {
  readonly filename: string;
  readonly name: string;
  readonly detach?: boolean;
  readonly wait: string;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
  readonly clusterDomain: string;
  readonly identityTrustAnchorsFile?: string;
  readonly identityIssuerCertificateFile?: string;
  readonly identityIssuerKeyFile?: string;
  readonly identityIssuanceLifetime: string;
  readonly identityClockSkewAllowance: string;
  readonly proxyLogLevel?: string;
  readonly controllerLogLevel: string;
  readonly mesh: boolean;
}

function buildUp({ config, output }: CommandContext): Command {
  return new Command('up')
    .description('Bring up the mesh that a folder of manifests describes, and keep it at what they say')
    .requiredOption('-f, --filename <dir>', 'folder of manifests (or one file); edits take effect at once')
    .option('--name <name>', 'name of the local mesh', DEFAULT_INSTANCE)
    .option('-d, --detach', 'run in the background, and return when everything is ready')
    .option('--wait <duration>', 'how long --detach waits for that', '2m')
    .option(
      '--pod-cidr <cidr>',
      'addresses of pods (default: the first free of 10.42.0.0/16, 10.43.0.0/16, …)',
    )
    .option('--service-cidr <cidr>', 'addresses of Services (default: the first free of 10.96.0.0/16, …)')
    .option('--cluster-domain <domain>', 'domain of cluster names, and trust domain', 'cluster.local')
    .option('--identity-trust-anchors-file <file>', 'PEM trust anchors (default: a new one)')
    .option('--identity-issuer-certificate-file <file>', 'PEM certificate of the issuer')
    .option('--identity-issuer-key-file <file>', 'PEM key of the issuer')
    .addOption(
      durationOption(
        '--identity-issuance-lifetime',
        'how long the certificates of workloads are valid',
        '24h0m0s',
      ),
    )
    .addOption(durationOption('--identity-clock-skew-allowance', 'how far clocks may differ', '20s'))
    .option('--proxy-log-level <level>', 'log level of the proxies')
    .option('--controller-log-level <level>', 'log level of the control plane', 'info')
    .option('--no-mesh', 'only the pods and the network: no control plane and no proxies')
    .action(async (flags: UpFlags) => {
      const waitMs = parseGoDuration(flags.wait);
      if (waitMs === undefined) throw invalidFlag('--wait', flags.wait, 'a duration such as 2m or 90s');
      const options = readUpOptions(flags, config);
      if (flags.detach !== true) {
        await takeRoot(options, output);
        // With it come the charts' constructs, which take longer to load than most commands to run.
        const { runInForeground } = await import('../local/foreground.ts');
        return runInForeground(options, output);
      }
      const args = process.argv.slice(1).filter((arg) => arg !== '-d' && arg !== '--detach');
      const command = [process.execPath, ...args];
      return runDetached({ name: flags.name, localDir: config.localDir, command, waitMs }, output);
    });
}

function readUpOptions(flags: UpFlags, config: CommandContext['config']): UpOptions {
  return {
    name: flags.name,
    dir: flags.filename,
    localDir: config.localDir,
    searchPath: config.searchPath,
    podCidr: flags.podCidr,
    serviceCidr: flags.serviceCidr,
    clusterDomain: flags.clusterDomain,
    credentialFiles: {
      trustAnchors: flags.identityTrustAnchorsFile,
      issuerCert: flags.identityIssuerCertificateFile,
      issuerKey: flags.identityIssuerKeyFile,
    },
    issuanceLifetime: flags.identityIssuanceLifetime,
    clockSkewAllowance: flags.identityClockSkewAllowance,
    proxyLogLevel: flags.proxyLogLevel,
    controllerLogLevel: flags.controllerLogLevel,
    mesh: flags.mesh,
  };
}

function buildStatus({ config, output }: CommandContext): Command {
  return new Command('status')
    .description('Show the pods of a local mesh')
    .option('--name <name>', 'name of the local mesh', DEFAULT_INSTANCE)
    .option('-o, --output <format>', 'table or json', 'table')
    .action((flags: { readonly name: string; readonly output: string }) => {
      const format = flags.output;
      if (format !== 'table' && format !== 'json') throw invalidFlag('--output', format, 'table or json');
      printStatus({ name: flags.name, localDir: config.localDir, output: format }, output);
    });
}

function buildDown({ config, output }: CommandContext): Command {
  return new Command('down')
    .description('End a local mesh, and remove everything it made')
    .option('--name <name>', 'name of the local mesh', DEFAULT_INSTANCE)
    .action((flags: { readonly name: string }) => bringDown({ ...config, name: flags.name }, output));
}

function durationOption(flag: string, description: string, fallback: string): Option {
  return new Option(`${flag} <duration>`, description).default(fallback).argParser((value: string) => {
    if (parseGoDuration(value) !== undefined) return value;
    throw invalidFlag(flag, value, 'a duration such as 24h or 90s');
  });
}
