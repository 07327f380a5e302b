import { MeshError } from '#lib/base';
import { isPeerName, PEER_NAMES, type PeerName } from './result.ts';
import { isWorkName, WORKS, type Work } from './works.ts';

/** What one run of the benchmark does, complete. */
export interface Config {
  /** Length of each measured run. */
  readonly seconds: number;
  /** Load before each measured run that is not counted. */
  readonly warmupSeconds: number;
  /** Measured runs of each work and peer; the median counts. */
  readonly runs: number;
  readonly works: readonly Work[];
  readonly peers: readonly PeerName[];
  /** A linkerd2-proxy program to measure too. */
  readonly linkerd2ProxyBin: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads BENCH_SECONDS, BENCH_WARMUP_SECONDS, BENCH_RUNS, ONLY, PEERS, LINKERD2_PROXY_BIN. Throws a MeshError. */
export function readConfig(env: Environment): Config {
  const linkerd2ProxyBin = env['LINKERD2_PROXY_BIN'] || undefined;
  return {
    seconds: readCount(env, 'BENCH_SECONDS', { fallback: 8, least: 1 }),
    warmupSeconds: readCount(env, 'BENCH_WARMUP_SECONDS', { fallback: 2, least: 0 }),
    runs: readCount(env, 'BENCH_RUNS', { fallback: 3, least: 1 }),
    works: readWorks(env['ONLY']),
    peers: readPeers(env['PEERS'], linkerd2ProxyBin),
    linkerd2ProxyBin,
  };
}

function readCount(env: Environment, name: string, range: { fallback: number; least: number }): number {
  const text = env[name];
  if (text === undefined || text === '') return range.fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.least) return value;
  throw invalidVariable(name, text, `a whole number from ${range.least} on`);
}

function readWorks(text: string | undefined): readonly Work[] {
  const names = splitList(text);
  const unknown = names.find((name) => !isWorkName(name));
  if (unknown !== undefined) {
    throw invalidVariable('ONLY', unknown, `some of ${WORKS.map((work) => work.name).join(', ')}`);
  }
  return names.length === 0 ? WORKS : WORKS.filter((work) => names.includes(work.name));
}

function readPeers(text: string | undefined, linkerd2ProxyBin: string | undefined): readonly PeerName[] {
  const present = PEER_NAMES.filter((name) => name !== 'linkerd2-proxy' || linkerd2ProxyBin !== undefined);
  const names = splitList(text);
  const unknown = names.find((name) => !isPeerName(name) || !present.includes(name));
  if (unknown !== undefined) throw invalidVariable('PEERS', unknown, `some of ${present.join(', ')}`);
  return names.length === 0 ? present : present.filter((name) => names.includes(name));
}

function splitList(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function invalidVariable(name: string, value: string, wanted: string): MeshError {
  return new MeshError('BENCH_CONFIG_INVALID', `variable ${name} has "${value}"; set it to ${wanted}`);
}
