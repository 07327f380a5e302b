import { parseGoDuration } from '#lib/base';
import { type ConnectionOptions, isInCluster } from '#lib/cluster';
import { type Environment, type ListenAddress, parseListenAddress, readGoFlags } from '#lib/config';
import { isDnsLabel, isDnsSubdomain } from '#lib/pki';
import { IDENTITY_ENV_PREFIX, IDENTITY_FLAG, ISSUER_DIR, TRUST_ANCHORS_FILE } from './contract.ts';
import { createStartError } from './errors.ts';

export type { ListenAddress } from '#lib/config';

/** Everything that the service needs to run, complete. */
export interface IdentityConfig {
  readonly help: boolean;
  readonly addr: ListenAddress;
  readonly adminAddr: ListenAddress;
  readonly controllerNamespace: string;
  /** Which form of the issuer's Secret to prefer where both stand there. */
  readonly scheme: string;
  readonly trustDomain: string;
  readonly issuanceLifetimeMs: number;
  readonly clockSkewMs: number;
  readonly issuerDir: string;
  readonly trustAnchorsFile: string;
  /** Undefined: tokens are reviewed by Kubernetes. */
  readonly tokenJwksFile: string | undefined;
  /** The Kubernetes API; undefined with a key set, and outside a cluster where no kubeconfig is named. */
  readonly kubernetes: ConnectionOptions | undefined;
  readonly kubeApiClientQps: number;
  readonly kubeApiClientBurst: number;
  readonly logLevel: string;
  readonly logFormat: string;
  /** What was wrong but has a default that serves: to be logged. */
  readonly warnings: readonly string[];
}

const DEFAULTS: Readonly<Partial<Record<string, string>>> = {
  [IDENTITY_FLAG.addr]: ':8080',
  [IDENTITY_FLAG.adminAddr]: ':9990',
  [IDENTITY_FLAG.controllerNamespace]: 'linkerd',
  [IDENTITY_FLAG.scheme]: 'linkerd.io/tls',
  [IDENTITY_FLAG.issuanceLifetime]: '24h',
  [IDENTITY_FLAG.clockSkewAllowance]: '10s',
  [IDENTITY_FLAG.issuer]: ISSUER_DIR,
  [IDENTITY_FLAG.trustAnchors]: TRUST_ANCHORS_FILE,
  [IDENTITY_FLAG.kubeApiClientQps]: '100',
  [IDENTITY_FLAG.kubeApiClientBurst]: '200',
  [IDENTITY_FLAG.logLevel]: 'info',
  [IDENTITY_FLAG.logFormat]: 'plain',
};

const BOOLEANS: readonly string[] = [IDENTITY_FLAG.enablePprof, IDENTITY_FLAG.help];

interface Setting {
  readonly value: string;
  /** `-addr` or `LINKERD_IDENTITY_ADDR`, whichever gave the value. */
  readonly name: string;
  readonly isFlag: boolean;
}

type SettingReader = (flag: string) => Setting;

/** Reads the command line and the environment. Throws IDENTITY_FLAGS_INVALID with one sentence. */
export function parseIdentityConfig(argv: readonly string[], env: Environment): IdentityConfig {
  const flags = readFlags(argv);
  const read: SettingReader = (flag) => {
    const envName =
      IDENTITY_ENV_PREFIX +
      flag
        .replace(/^identity-/, '')
        .replaceAll('-', '_')
        .toUpperCase();
    const given = flags.get(flag) ?? env[envName];
    const isFlag = flags.has(flag) || given === undefined;
    return { value: given ?? DEFAULTS[flag] ?? '', name: isFlag ? `-${flag}` : envName, isFlag };
  };
  const warnings: string[] = [];
  const help = flags.get(IDENTITY_FLAG.help) === 'true';
  return {
    help,
    addr: parseAddress(read(IDENTITY_FLAG.addr)),
    adminAddr: parseAddress(read(IDENTITY_FLAG.adminAddr)),
    controllerNamespace: parseName(
      read(IDENTITY_FLAG.controllerNamespace),
      isDnsLabel,
      'a DNS label such as linkerd',
    ),
    scheme: read(IDENTITY_FLAG.scheme).value,
    trustDomain: help
      ? ''
      : parseName(read(IDENTITY_FLAG.trustDomain), isDnsSubdomain, 'a DNS name such as cluster.local'),
    issuanceLifetimeMs: parseDurationFlag(read(IDENTITY_FLAG.issuanceLifetime), { min: 1000, warnings }),
    clockSkewMs: parseDurationFlag(read(IDENTITY_FLAG.clockSkewAllowance), { min: 0, warnings }),
    issuerDir: read(IDENTITY_FLAG.issuer).value,
    trustAnchorsFile: read(IDENTITY_FLAG.trustAnchors).value,
    tokenJwksFile: read(IDENTITY_FLAG.tokenJwks).value || undefined,
    kubernetes: findKubernetes(read, env),
    kubeApiClientQps: parseCount(read(IDENTITY_FLAG.kubeApiClientQps)),
    kubeApiClientBurst: parseCount(read(IDENTITY_FLAG.kubeApiClientBurst)),
    logLevel: read(IDENTITY_FLAG.logLevel).value,
    logFormat: parseLogFormat(read(IDENTITY_FLAG.logFormat)),
    warnings,
  };
}

function readFlags(argv: readonly string[]): ReadonlyMap<string, string> {
  const { given } = readGoFlags(argv, {
    program: 'identity',
    flags: Object.values(IDENTITY_FLAG),
    booleans: BOOLEANS,
    refuseFlag: (flag, problem) => createStartError('IDENTITY_FLAGS_INVALID', `-${flag} ${problem}.`),
    refuseFlags: (problem, cause) =>
      createStartError('IDENTITY_FLAGS_INVALID', `${problem}. Run with -help for the flags.`, cause),
  });
  return given;
}

function findKubernetes(read: SettingReader, env: Environment): ConnectionOptions | undefined {
  if (read(IDENTITY_FLAG.tokenJwks).value !== '') return undefined;
  const kubeconfig = read(IDENTITY_FLAG.kubeconfig).value;
  if (kubeconfig !== '') return { env, kubeconfig };
  return isInCluster(env) ? { env } : undefined;
}

function refuse({ name, value }: Setting, wanted: string): Error {
  const what = value === '' ? `${name} is missing` : `${name} is "${value}"`;
  return createStartError('IDENTITY_FLAGS_INVALID', `${what}; give it ${wanted}.`);
}

function parseAddress(setting: Setting): ListenAddress {
  const address = parseListenAddress(setting.value);
  if (address === undefined) throw refuse(setting, 'an address such as :8080 or 127.0.0.1:8080');
  return address;
}

function parseName(setting: Setting, isGood: (text: string) => boolean, wanted: string): string {
  if (!isGood(setting.value)) throw refuse(setting, wanted);
  return setting.value;
}

/** A bad flag is warned of and replaced by the default, as upstream does; a bad variable is an error. */
function parseDurationFlag(setting: Setting, { min, warnings }: { min: number; warnings: string[] }): number {
  const durationMs = parseGoDuration(setting.value);
  if (durationMs !== undefined && durationMs >= min) return durationMs;
  if (!setting.isFlag) throw refuse(setting, 'a duration such as 24h0m0s');
  const fallback = DEFAULTS[setting.name.slice(1)] ?? '';
  warnings.push(
    `${setting.name} is "${setting.value}", which is no duration such as 24h0m0s; ${fallback} is used.`,
  );
  return parseGoDuration(fallback) ?? 0;
}

function parseCount(setting: Setting): number {
  if (!/^\d{1,9}$/.test(setting.value)) throw refuse(setting, 'a whole number');
  return Number(setting.value);
}

function parseLogFormat(setting: Setting): string {
  if (setting.value !== 'plain' && setting.value !== 'json') throw refuse(setting, 'plain or json');
  return setting.value;
}
