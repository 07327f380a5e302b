import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SUBCOMMANDS } from '../contract.ts';

/** The program of a subcommand, among those in the folder; undefined where there is none. */
export function findProgram(subcommand: string, folder: string): string | undefined {
  return listSubcommands(folder).includes(subcommand) ? programPath(subcommand, folder) : undefined;
}

/** The subcommands whose programs are in the folder. */
export function listSubcommands(folder: string): readonly string[] {
  return SUBCOMMANDS.filter((name) => existsSync(programPath(name, folder)));
}

function programPath(subcommand: string, folder: string): string {
  return join(folder, `${subcommand}.js`);
}
