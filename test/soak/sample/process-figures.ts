import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel says of a process. */
export interface ProcessFigures {
  readonly anonymousBytes: number;
  readonly descriptors: number;
}

/** Undefined where there is no such process any more. */
export function readProcessFigures(pid: number): ProcessFigures | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes === undefined) return undefined;
    return {
      anonymousBytes: Number(kilobytes) * 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return undefined;
  }
}
