import { Command } from 'commander';
import { type IdentityFlags, printIdentity } from '../identity/print-identity.ts';
import { nameOption, namespaceOption, selectorOption } from '../mesh/mesh-flags.ts';
import type { CommandContext } from './context.ts';

/** `linkerd identity`: the certificates that pods present. */
export function buildIdentityCommand({ config, output }: CommandContext): Command {
  return new Command('identity')
    .description('Display the certificate(s) of one or more selected pod(s)')
    .argument('[pods...]', 'names of pods')
    .addOption(namespaceOption())
    .addOption(selectorOption())
    .option('--chain', 'print the issuers too, as far as the proxy presents them')
    .addOption(nameOption())
    .action((pods: string[], flags: IdentityFlags) =>
      printIdentity(pods, flags, { localDir: config.localDir, output }),
    );
}
