export { type Environment, type EnvProblem, EnvReader } from './env-reader.ts';
export { type GoFlagOptions, type GoFlags, readGoFlags } from './go-flags.ts';
export { type LevelWatcher, type LevelWatcherOptions, startLevelWatcher } from './level-watcher.ts';
export { type ListenAddress, parseListenAddress, resolveListenHost } from './listen-address.ts';
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
