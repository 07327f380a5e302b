export { type Environment, type EnvProblem, EnvReader } from './env-reader.ts';
export {
  PortRanges,
  parseBooleanValue,
  parseCountValue,
  parseDurationValue,
  parseIpsValue,
  parseNetworksValue,
  parsePortRangesValue,
  parseRatioValue,
} from './parsers.ts';
