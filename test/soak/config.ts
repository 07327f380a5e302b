import { parseArgs } from 'node:util';
import { MeshError } from '#lib/base';

/** What one soak does, complete. */
export interface SoakConfig {
  readonly durationMs: number;
  /** Chooses what is killed and when. */
  readonly seed: number;
}

const LEAST_MINUTES = 3;

/** Reads `--minutes N` (30 by default) and `--seed N` (any by default). Throws a MeshError. */
export function readConfig(args: readonly string[], anySeed: number): SoakConfig {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes >= LEAST_MINUTES)) {
    throw new MeshError(
      'SOAK_CONFIG_INVALID',
      `--minutes has "${values.minutes}"; give a number from ${LEAST_MINUTES} on: less tells nothing`,
    );
  }
  const seed = values.seed === undefined ? anySeed : Number(values.seed);
  if (!Number.isSafeInteger(seed)) {
    throw new MeshError('SOAK_CONFIG_INVALID', `--seed has "${values.seed}"; give a whole number`);
  }
  return { durationMs: minutes * 60_000, seed };
}
