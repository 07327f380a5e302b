import { type GoFlags, readGoFlags } from '#lib/config';
import { DESTINATION_FLAG } from './contract.ts';
import { refuseFlag, refuseFlags } from './errors.ts';

export type { ListenAddress } from '#lib/config';

/** Reads the values of flags; all of them throw a MeshError that names the flag and its value. */
export type FlagReader = GoFlags;

const BOOLEANS: readonly string[] = [
  DESTINATION_FLAG.enableH2Upgrade,
  DESTINATION_FLAG.enableEndpointSlices,
  DESTINATION_FLAG.enableIpv6,
  DESTINATION_FLAG.extEndpointZoneWeights,
  DESTINATION_FLAG.exportQueueMetrics,
  DESTINATION_FLAG.enablePprof,
  DESTINATION_FLAG.help,
];

export function readFlags(argv: readonly string[]): FlagReader {
  return readGoFlags(argv, {
    program: 'destination',
    flags: Object.values(DESTINATION_FLAG),
    booleans: BOOLEANS,
    refuseFlag,
    refuseFlags,
  });
}
