import { parseArgs } from 'node:util';
import { MeshError } from '#lib/base';

/** What one run does, complete. */
export interface FuzzConfig {
  /** The first case's; the others follow one by one. */
  readonly seed: number;
  /** Which targets: those whose names begin so. */
  readonly only: readonly string[];
  /** Infinity: until something is found. */
  readonly seconds: number;
  /** Cases of each target; Infinity: no end. */
  readonly cases: number;
}

/** Reads `--seed N`, `--only NAME[,NAME]`, `--seconds S`, `--cases N`. Throws a MeshError. */
export function readConfig(args: readonly string[], anySeed: number): FuzzConfig {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
      seconds: { type: 'string' },
      cases: { type: 'string' },
    },
  });
  return {
    seed: readNumber('--seed', values.seed, anySeed),
    only: values.only.split(',').filter((name) => name !== ''),
    seconds: readNumber('--seconds', values.seconds, Number.POSITIVE_INFINITY),
    cases: readNumber('--cases', values.cases, Number.POSITIVE_INFINITY),
  };
}

function readNumber(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new MeshError('FUZZ_CONFIG_INVALID', `${flag} has "${text}"; give a whole number`);
}
