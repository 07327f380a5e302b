import { findProgram, listSubcommands } from './dispatch.ts';

const [subcommand = ''] = process.argv.slice(2);
const program = findProgram(subcommand, import.meta.dirname);
if (program === undefined) {
  const known = listSubcommands(import.meta.dirname).join(', ');
  process.stdout.write(`unknown subcommand ${JSON.stringify(subcommand)}: give one of ${known}\n`);
  process.exitCode = 1;
} else {
  // The program sees its own name and its own flags, as if it had been started by itself.
  process.argv.splice(1, 2, program);
  await import(program);
}
