import { type GoFlags, type ListenAddress, readGoFlags } from '#lib/config';
import { isDnsLabel } from '#lib/pki';
import { LogFilter } from '#lib/telemetry';
import {
  PROXY_INJECTOR_FLAG as FLAG,
  INJECTOR_TRUST_ROOTS_FILE,
  INJECTOR_VALUES_FILE,
  PROXY_INJECTOR_ADMIN_PORT,
  PROXY_INJECTOR_PORT,
} from './contract.ts';
import { refuseFlag, refuseFlags } from './errors.ts';

/** Who makes a thing: a replica of ours, or the user. */
export type Origin = 'minted' | 'given';

/** Everything that the service needs to run, complete. */
export interface ProxyInjectorConfig {
  readonly help: boolean;
  readonly addr: ListenAddress;
  readonly adminAddr: ListenAddress;
  /** The namespace of the control plane. */
  readonly namespace: string;
  /** Undefined: the pod's service account, or what the environment names. */
  readonly kubeconfig: string | undefined;
  readonly valuesFile: string;
  readonly trustRootsFile: string;
  readonly servingCertificate: Origin;
  readonly caBundle: Origin;
  readonly logLevel: string;
  readonly logFormat: string;
}

const BOOLEANS: readonly string[] = [FLAG.enablePprof, FLAG.help];

/** Reads the command line. Throws a MeshError with one sentence. */
export function parseProxyInjectorConfig(argv: readonly string[]): ProxyInjectorConfig {
  const flags = readGoFlags(argv, {
    program: 'proxy-injector',
    flags: Object.values(FLAG),
    booleans: BOOLEANS,
    refuseFlag,
    refuseFlags,
  });
  const isOneOf = (list: readonly string[]) => (text: string) => list.includes(text);
  const read = (flag: string, fallback: string) => choose(flags, { flag, fallback });
  return {
    help: flags.boolean(FLAG.help, false),
    addr: flags.address(FLAG.addr, `:${PROXY_INJECTOR_PORT}`),
    adminAddr: flags.address(FLAG.metricsAddr, `:${PROXY_INJECTOR_ADMIN_PORT}`),
    namespace: read(FLAG.linkerdNamespace, 'linkerd')(isDnsLabel, 'a DNS label such as linkerd'),
    kubeconfig: flags.text(FLAG.kubeconfig, '') || undefined,
    valuesFile: flags.text(FLAG.values, INJECTOR_VALUES_FILE),
    trustRootsFile: flags.text(FLAG.trustRoots, INJECTOR_TRUST_ROOTS_FILE),
    servingCertificate: parseOrigin(flags, FLAG.servingCertificate),
    caBundle: parseOrigin(flags, FLAG.caBundle),
    logLevel: read(FLAG.logLevel, 'info')(isLogLevel, 'a level such as info, or a filter'),
    logFormat: read(FLAG.logFormat, 'plain')(isOneOf(['plain', 'json']), 'plain or json'),
  };
}

/** A flag's value that has to be a good one. */
function choose(flags: GoFlags, { flag, fallback }: { flag: string; fallback: string }) {
  const text = flags.text(flag, fallback);
  return (isGood: (text: string) => boolean, wanted: string): string => {
    if (!isGood(text)) throw refuseFlag(flag, `is "${text}"; give it ${wanted}`);
    return text;
  };
}

function parseOrigin(flags: GoFlags, flag: string): Origin {
  const text = flags.text(flag, 'minted');
  if (text === 'minted' || text === 'given') return text;
  throw refuseFlag(flag, `is "${text}"; give it minted or given`);
}

function isLogLevel(text: string): boolean {
  try {
    return new LogFilter(text).text !== '';
  } catch {
    return false;
  }
}
