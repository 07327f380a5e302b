import { isDnsLabel } from '#lib/pki';
import { normalizeIp, parseIp } from './ip.ts';
import { LookupError } from './lookup-error.ts';

export interface ServiceId {
  readonly namespace: string;
  readonly name: string;
}

/** What a Get asks for. */
export interface ServiceTarget {
  readonly service: ServiceId;
  readonly port: number;
  /** The one pod that is meant, by its DNS name under a headless Service. */
  readonly hostname: string | undefined;
}

/** What a GetProfile asks for. */
export type ProfileTarget =
  | { readonly kind: 'address'; readonly ip: string; readonly port: number }
  | ({ readonly kind: 'service' } & ServiceTarget);

interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Parses the path of a Get. Throws a LookupError. */
export function parseGetTarget(path: string, clusterDomain: string): ServiceTarget {
  const { host, port } = parseHostPort(path);
  if (parseIp(host) !== undefined) {
    throw new LookupError('InvalidArgument', `IP queries not supported by Get API: host=${host}`);
  }
  return parseServiceName(path, { host, port, clusterDomain });
}

/** Parses the path of a GetProfile. Throws a LookupError. */
export function parseProfileTarget(path: string, clusterDomain: string): ProfileTarget {
  const { host, port } = parseHostPort(path);
  if (parseIp(host) !== undefined) return { kind: 'address', ip: normalizeIp(host), port };
  return { kind: 'service', ...parseServiceName(path, { host, port, clusterDomain }) };
}

/** The Service that `name.ns.svc.domain[:port]` means, if it means one. */
export function findServiceTarget(path: string, clusterDomain: string): ServiceTarget | undefined {
  try {
    return parseGetTarget(path, clusterDomain);
  } catch {
    return undefined;
  }
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`; the port is 80 where none is given. */
function parseHostPort(path: string): HostPort {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(path);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? 80);
  const isBracketedName = match?.[1] !== undefined && parseIp(host)?.family !== 6;
  if (host === '' || isBracketedName || port < 1 || port > 65_535) throw refuseAuthority(path);
  return { host, port };
}

function parseServiceName(
  path: string,
  { host, port, clusterDomain }: HostPort & { clusterDomain: string },
): ServiceTarget {
  const suffix = `.svc.${clusterDomain}`;
  const labels = host.endsWith(suffix) ? host.slice(0, -suffix.length).split('.') : [];
  const isName = (labels.length === 2 || labels.length === 3) && labels.every(isDnsLabel);
  const [name, namespace] = labels.slice(-2);
  if (!isName || name === undefined || namespace === undefined) throw refuseAuthority(path);
  return { service: { namespace, name }, port, hostname: labels.length === 3 ? labels[0] : undefined };
}

function refuseAuthority(path: string): LookupError {
  return new LookupError('InvalidArgument', `Invalid authority: ${path}`);
}
