import { appendFileSync } from 'node:fs';
import type { Pod } from '#lib/resources';
import { type Glyph, type Output, printLine } from '../output/output.ts';
import { isReady } from './core/endpoints.ts';
import { keyOf } from './core/names.ts';

/** Tells whoever watches what happens, and keeps it in the log of the mesh. */
export interface Progress {
  say(glyph: Glyph, sentence: string): void;
  /** Tells what changed about the pods since the last call. */
  showPods(pods: readonly Pod[]): void;
}

export interface ProgressOptions {
  readonly output: Output;
  readonly logFile: string;
  readonly logsDir: string;
}

export function createProgress({ output, logFile, logsDir }: ProgressOptions): Progress {
  const shown = new Map<string, string>();
  const say = (glyph: Glyph, sentence: string) => {
    const line = `${glyph} ${sentence}`;
    printLine(output, line);
    try {
      appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`);
    } catch {
      // Its folder is not there yet, or no longer: the line has been printed.
    }
  };
  return {
    say,
    showPods(pods) {
      const present = new Set(pods.map(keyOf));
      for (const key of [...shown.keys()]) if (!present.has(key)) shown.delete(key);
      for (const pod of pods) {
        const condition = describeCondition(pod);
        if (condition === undefined || shown.get(keyOf(pod)) === condition) continue;
        shown.set(keyOf(pod), condition);
        if (condition === 'ready') say('√', `${keyOf(pod)} is ready`);
        else say('‼', `${keyOf(pod)}: ${condition}; its output is in ${logsDir}`);
      }
    },
  };
}

/** What is worth a line: ready, or what keeps a pod from it. */
function describeCondition(pod: Pod): string | undefined {
  const status = pod.status as { reason?: string; message?: string } | undefined;
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  if (isReady(pod)) return 'ready';
  if (status?.message !== undefined) return status.message;
  const failing = ['CrashLoopBackOff', 'Error', 'CreateContainerConfigError'];
  return failing.includes(status?.reason ?? '') ? status?.reason : undefined;
}
