import { Command, CommanderError } from 'commander';
import { buildDiagnosticsCommand } from './commands/diagnostics.ts';
import { buildIdentityCommand } from './commands/identity.ts';
import { buildLocalCommand } from './commands/local.ts';
import { buildVersionCommand } from './commands/version.ts';
import { buildVizCommand } from './commands/viz.ts';
import type { CliConfig } from './config.ts';
import { invalidFlag, renderError } from './errors.ts';
import type { Output } from './output/output.ts';

/** Runs one command line and returns the exit code. Nothing is thrown. */
export async function runCli(argv: readonly string[], config: CliConfig, output: Output): Promise<number> {
  const program = buildProgram(config, output);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and the like end this way too; commander has printed what there is to say.
      return error.exitCode;
    }
    output.stderr(renderError(error));
    return 1;
  }
}

function buildProgram(config: CliConfig, output: Output): Command {
  const context = { config, output };
  const program = new Command('linkerd')
    .description('linkerd manages the Linkerd service mesh.')
    .option('-L, --linkerd-namespace <name>', 'namespace of the control plane', config.linkerdNamespace)
    .option('--cni-namespace <name>', 'namespace of the CNI plugin', 'linkerd-cni')
    .option('--kubeconfig <file>', 'kubeconfig file to use for CLI requests')
    .option('--context <name>', 'name of the kubeconfig context to use')
    .option('--as <user>', 'user to impersonate')
    .option(
      '--as-group <group>',
      'group to impersonate; may be given again',
      (group, all: string[]) => [...all, group],
      [],
    )
    .option('--api-addr <address>', 'address of the API server, instead of a kubeconfig')
    .option('--verbose', 'turn on debug logging', false)
    .addCommand(buildDiagnosticsCommand(context))
    .addCommand(buildIdentityCommand(context))
    .addCommand(buildLocalCommand(context))
    .addCommand(buildVersionCommand(context))
    .addCommand(buildVizCommand(context))
    .hook('preAction', (root) => checkGlobalFlags(root.opts()));
  return configureOutput(program, output);
}

function checkGlobalFlags(flags: {
  readonly linkerdNamespace?: string;
  readonly cniNamespace?: string;
}): void {
  const names = { '--linkerd-namespace': flags.linkerdNamespace, '--cni-namespace': flags.cniNamespace };
  for (const [flag, name = ''] of Object.entries(names)) {
    if (!/^[a-zA-Z0-9-]+$/.test(name))
      throw invalidFlag(flag, name, `a namespace; ${name} is not a valid namespace`);
  }
}

/** Every command writes to `output` and throws instead of ending the process. */
function configureOutput(command: Command, output: Output): Command {
  command
    .exitOverride()
    .configureOutput({
      writeOut: output.stdout,
      writeErr: output.stderr,
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
    })
    .helpOption('-h, --help', 'show help');
  for (const child of command.commands) configureOutput(child, output);
  return command;
}
