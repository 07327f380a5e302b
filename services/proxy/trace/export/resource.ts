import { readFileSync } from 'node:fs';
import { describeError } from '#lib/base';
import type { Logger } from '#lib/telemetry';
import type { TraceConfig } from '../../config.ts';
import { parseAttributeLines } from '../../config.ts';

/** Attributes of everything that this process exports. */
export type ResourceAttributes = ReadonlyMap<string, string | number>;

export interface ResourceSources {
  readonly config: TraceConfig;
  /** The text of the file of attributes, `k=v` a line; empty where there is none. */
  readonly fileText: string;
  readonly pid: number;
  /** Seconds since 1970. */
  readonly startedSeconds: number;
}

/** What comes later wins. Source: facts sheet proxy-tap, section 3. */
export function buildResource({
  config,
  fileText,
  pid,
  startedSeconds,
}: ResourceSources): ResourceAttributes {
  const { hostName, serviceName } = config;
  return new Map<string, string | number>([
    ['process.pid', pid],
    ['process.start_timestamp', startedSeconds],
    ...(hostName === undefined ? [] : [['host.name', hostName] as const]),
    ...(serviceName === undefined ? [] : [['service.name', serviceName] as const]),
    ...parseAttributeLines(fileText),
    ...config.extraAttributes,
    ...config.otelAttributes,
  ]);
}

/** The text of the file of attributes, once: the labels of a pod that is running change nothing. */
export function readAttributesFile(path: string | undefined, log: Logger): string {
  if (path === undefined) return '';
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    log.warn('The file of trace attributes cannot be read; spans go without them', {
      path,
      error: describeError(error),
    });
    return '';
  }
}
