import { Command } from 'commander';
import {
  allNamespacesOption,
  nameOption,
  namespaceOption,
  outputOption,
  selectorOption,
} from '../mesh/mesh-flags.ts';
import { type EdgeFlags, printEdges } from '../viz/print-edges.ts';
import { printStat, type StatFlags } from '../viz/stat.ts';
import type { CommandContext } from './context.ts';

/** `linkerd viz`: the traffic of a mesh. */
export function buildVizCommand(context: CommandContext): Command {
  return new Command('viz')
    .description('viz shows the traffic of the mesh')
    .addCommand(buildStat(context))
    .addCommand(buildEdges(context));
}

function buildStat({ config, output }: CommandContext): Command {
  return new Command('stat')
    .description('Display traffic stats about one or many resources')
    .argument('<resources...>', 'TYPE, TYPE NAME…, TYPE/NAME… or all; types: deploy, po, ns, svc')
    .addOption(namespaceOption())
    .addOption(allNamespacesOption())
    .addOption(selectorOption())
    .option(
      '-t, --time-window <duration>',
      'how long to watch: a local mesh keeps no history, so that it begins now',
      '2s',
    )
    .option('--to <resource>', 'only requests to this resource, as the senders count them')
    .option('--to-namespace <name>', 'namespace of --to (default: that of --namespace)')
    .option('--from <resource>', 'only requests from this resource, as the sender counts them')
    .option('--from-namespace <name>', 'namespace of --from (default: that of --namespace)')
    .option('--unmeshed', 'include resources without a proxy')
    .addOption(outputOption(['table', 'wide', 'json']))
    .addOption(nameOption())
    .action((resources: string[], flags: StatFlags) =>
      printStat(resources, flags, { localDir: config.localDir, output }),
    );
}

function buildEdges({ config, output }: CommandContext): Command {
  return new Command('edges')
    .description('Display connections between resources, and the identities that secure them')
    .argument('<type>', 'deployment, pod or namespace')
    .addOption(namespaceOption())
    .addOption(allNamespacesOption())
    .addOption(outputOption(['table', 'wide', 'json']))
    .addOption(nameOption())
    .action((type: string, flags: EdgeFlags) =>
      printEdges(type, flags, { localDir: config.localDir, output }),
    );
}
