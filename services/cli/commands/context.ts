import type { CliConfig } from '../config.ts';
import type { Output } from '../output/output.ts';

/** What every command gets. */
export interface CommandContext {
  readonly config: CliConfig;
  readonly output: Output;
}
