import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { describeError, type Millis } from '#lib/base';
import type { DnsConfig } from '../../config.ts';
import type { Families } from '../../metrics/families.ts';
import type { SocketAddress } from '../../transport/address.ts';

/** The addresses of a control-plane service, and for how long they are good. */
export interface Resolution {
  /** Never empty. */
  readonly addresses: readonly SocketAddress[];
  /** Infinity for what was an address to begin with. */
  readonly ttlMs: Millis;
}

export interface AddressResolver {
  /** Throws where the name leads nowhere, or the DNS does not answer. */
  resolve(host: string, port: number): Promise<Resolution>;
}

/** What is used of node:dns, so that tests can answer. */
export interface DnsQueries {
  resolveSrv(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>;
  resolve4(
    name: string,
    options: { ttl: true },
  ): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
  resolve6(
    name: string,
    options: { ttl: true },
  ): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
}

/** However short-lived a record is; Node does not tell for how long an SRV record is good. */
const MIN_TTL_MS = 5000;

/**
 * Resolves as the proxy does: SRV first, whose targets name pods by their address, then A and AAAA. `client` is
 * the label of the metrics. Source: facts sheet proxy-wire, section 13.
 */
export function createResolver(
  client: string,
  families: Pick<Families, 'dnsResolutions'>,
  dns: DnsQueries = new Resolver({ timeout: 2000, tries: 2 }),
): AddressResolver {
  const count = (recordType: string, isFound: boolean) =>
    families.dnsResolutions
      .with({ client, record_type: recordType, result: isFound ? 'ok' : 'not_found' })
      .inc();
  return {
    async resolve(host, port) {
      const literal = readLiteral(host);
      if (literal !== undefined) return { addresses: [{ host: literal, port }], ttlMs: Infinity };
      const name = host.endsWith('.') ? host : `${host}.`;
      const pods = await resolvePods(dns, name, port).catch(() => []);
      count('SRV', pods.length > 0);
      if (pods.length > 0) return { addresses: pods, ttlMs: MIN_TTL_MS };
      const answer = await resolveAddresses(dns, name, port);
      count('A/AAAA', answer.resolution !== undefined);
      if (answer.resolution === undefined) throw new Error(`cannot resolve ${host}: ${answer.reason}`);
      return answer.resolution;
    },
  };
}

/** The same resolver, whose answers are good for no less and no more than configured; never for less than the floor. */
export function boundTtl(resolver: AddressResolver, { minTtlMs, maxTtlMs }: DnsConfig): AddressResolver {
  return {
    async resolve(host, port) {
      const { addresses, ttlMs } = await resolver.resolve(host, port);
      if (ttlMs === Number.POSITIVE_INFINITY) return { addresses, ttlMs };
      const bounded = Math.min(maxTtlMs, Math.max(minTtlMs, ttlMs));
      return { addresses, ttlMs: Math.max(MIN_TTL_MS, bounded) };
    },
  };
}

/** An IP address as it is, and the one name that every machine knows. */
function readLiteral(host: string): string | undefined {
  if (isIP(host) !== 0) return host;
  return /^localhost\.?$/i.test(host) ? '127.0.0.1' : undefined;
}

async function resolvePods(dns: DnsQueries, name: string, port: number): Promise<readonly SocketAddress[]> {
  const records = await dns.resolveSrv(name);
  // A name stands for all ports of its Service; where one is ours the others belong to something else.
  const ours = records.filter((record) => record.port === port);
  const addresses = (ours.length > 0 ? ours : records).flatMap((record) => {
    const host = readDashedIp(record.name);
    return host === undefined ? [] : [{ host, port: record.port }];
  });
  return addresses;
}

/** The address in the first label of a pod's name: `10-1-2-3.svc.ns…`, `fd00--1.svc.ns…`. */
function readDashedIp(name: string): string | undefined {
  const label = name.split('.')[0] ?? '';
  const candidates = [label.replaceAll('-', '.'), label.replaceAll('-', ':')];
  return candidates.find((candidate) => isIP(candidate) !== 0);
}

async function resolveAddresses(
  dns: DnsQueries,
  name: string,
  port: number,
): Promise<{ readonly resolution?: Resolution; readonly reason: string }> {
  const answers = await Promise.allSettled([
    dns.resolve4(name, { ttl: true }),
    dns.resolve6(name, { ttl: true }),
  ]);
  const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (records.length === 0) {
    const reasons = answers.map((answer) =>
      answer.status === 'rejected' ? describeError(answer.reason) : '',
    );
    return { reason: reasons.find((reason) => reason !== '') ?? 'it has no address' };
  }
  const ttlMs = Math.max(MIN_TTL_MS, Math.min(...records.map(({ ttl }) => ttl)) * 1000);
  return {
    resolution: { addresses: records.map(({ address }) => ({ host: address, port })), ttlMs },
    reason: '',
  };
}
