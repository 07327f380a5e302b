import { type Arena, CORE } from '../arena.ts';
import { runCommand } from '../command.ts';
import type { Work } from '../works.ts';
import { buildH2loadCommand } from './h2load.ts';
import { buildIperf3Command } from './iperf3.ts';
import type { LoadCommand, LoadOptions, LoadReport } from './load.ts';
import { buildWrkCommand } from './wrk.ts';

/** A load generator that hangs is waiting for bytes that some proxy keeps. */
const LATE_MAX_MS = 20_000;

/** Runs the load of a work in the client's namespace, to its end. */
export async function runLoad(work: Work, options: LoadOptions & { arena: Arena }): Promise<LoadReport> {
  const command = buildLoadCommand(work, options);
  const pinned = ['netns', 'exec', options.arena.client, 'taskset', '-c', String(CORE.load)];
  const timeoutMs = options.seconds * 1000 + LATE_MAX_MS;
  return command.parse(await runCommand('ip', [...pinned, command.program, ...command.args], { timeoutMs }));
}

function buildLoadCommand(work: Work, options: LoadOptions): LoadCommand {
  if (work.kind === 'tcp') return buildIperf3Command(options);
  return work.kind === 'http1' ? buildWrkCommand(work, options) : buildH2loadCommand(work, options);
}
