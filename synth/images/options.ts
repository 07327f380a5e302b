import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '#lib/base';
import type { Environment } from '#lib/config';
import { invalidOption, missingArch, unknownOption } from './errors.ts';

/** Names of processors as images have them, with those of Node, Debian and npm. */
export const ARCHS = ['amd64', 'arm64'] as const;
export type Arch = (typeof ARCHS)[number];

export interface ImagesOptions {
  readonly outDir: string;
  readonly arch: Arch;
  readonly version: string;
  /** Seconds since the Unix epoch: the time of everything in the images. */
  readonly epochS: number;
}

interface Surroundings {
  readonly env: Environment;
  /** As Node names the machine's: x64 or arm64. */
  readonly machineArch: string;
  /** The version in package.json. */
  readonly version: string;
  readonly cwd: string;
}

/** Reads the command line, VERSION and SOURCE_DATE_EPOCH. Throws a MeshError that says what to give. */
export function parseOptions(argv: readonly string[], surroundings: Surroundings): ImagesOptions {
  const { env, cwd, machineArch } = surroundings;
  const own = machineArch === 'arm64' ? 'arm64' : 'amd64';
  const { out = 'dist/images', arch = own } = readFlags(argv);
  const known = ARCHS.find((name) => name === arch);
  if (known === undefined) throw invalidOption('--arch', arch, ARCHS.join(' or '));
  if (known !== own) throw missingArch(known, own);
  return {
    outDir: resolve(cwd, out),
    arch: known,
    version: parseTag(env['VERSION'] || surroundings.version),
    epochS: parseEpoch(env['SOURCE_DATE_EPOCH'] || '0'),
  };
}

function readFlags(argv: readonly string[]): { out?: string; arch?: string } {
  try {
    const options = { out: { type: 'string' }, arch: { type: 'string' } } as const;
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (error) {
    throw unknownOption(describeError(error));
  }
}

/** Source: github.com/opencontainers/distribution-spec, "Pulling manifests". */
function parseTag(text: string): string {
  if (!/^\w[\w.-]{0,127}$/.test(text))
    throw invalidOption('VERSION', text, 'a tag of letters, digits, dots and dashes, such as 0.1.0');
  return text;
}

function parseEpoch(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw invalidOption('SOURCE_DATE_EPOCH', text, 'seconds since 1970');
  return Number(text);
}
