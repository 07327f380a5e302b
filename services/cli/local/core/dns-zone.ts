import type { EndpointSlice, Service } from '#lib/resources';
import { type DnsAnswer, type DnsQuestion, type DnsRecord, RCODE, RECORD_TYPE } from './dns-message.ts';
import { keyOf } from './names.ts';
import { isHeadless } from './service-ips.ts';

/** Answers may be remembered for five seconds, as CoreDNS has it for cluster names. */
const TTL_SECONDS = 5;

/** The records of the cluster's names, by name (lower case, no last dot). */
export interface DnsZone {
  readonly zone: string;
  readonly records: ReadonlyMap<string, readonly DnsRecord[]>;
  /** Every name that exists, also those with only other names below them. */
  readonly names: ReadonlySet<string>;
}

export interface DnsZoneInput {
  readonly clusterDomain: string;
  /** Services with their cluster IPs filled in. */
  readonly services: readonly Service[];
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>;
}

/** Builds the names of all Services. Source: kubernetes/dns, docs/specification.md (version 1.1.0). */
export function buildDnsZone(input: DnsZoneInput): DnsZone {
  const records = new Map<string, DnsRecord[]>();
  for (const service of input.services) {
    const base = `${service.metadata.name}.${service.metadata.namespace}.svc.${input.clusterDomain}`;
    for (const record of buildServiceRecords(service, base, input.slices.get(keyOf(service)) ?? [])) {
      const list = records.get(record.name) ?? [];
      list.push(record);
      records.set(record.name, list);
    }
  }
  records.set('localhost', [{ name: 'localhost', ttlSeconds: TTL_SECONDS, type: 'A', ip: '127.0.0.1' }]);
  return { zone: input.clusterDomain, records, names: collectNames(records.keys(), input.clusterDomain) };
}

/** Answers one question: records, nothing (the name is there, not that type), or no such name. */
export function answerQuestion(zone: DnsZone, question: DnsQuestion): DnsAnswer {
  const all = zone.records.get(question.name) ?? [];
  const aliases = all.filter((record) => record.type === 'CNAME');
  const answers = all.filter((record) => RECORD_TYPE[record.type] === question.type);
  if (answers.length > 0)
    return { rcode: RCODE.ok, answers, additional: findTargets(zone, answers), authority: [] };
  if (aliases.length > 0) return { rcode: RCODE.ok, answers: aliases, additional: [], authority: [] };
  const soa: DnsRecord = { name: zone.zone, ttlSeconds: TTL_SECONDS, type: 'SOA', zone: zone.zone };
  const rcode = zone.names.has(question.name) ? RCODE.ok : RCODE.nameError;
  return { rcode, answers: [], additional: [], authority: [soa] };
}

function buildServiceRecords(service: Service, base: string, slices: readonly EndpointSlice[]): DnsRecord[] {
  const { clusterIP, externalName, type } = service.spec;
  if (type === 'ExternalName') {
    return externalName === undefined
      ? []
      : [{ name: base, ttlSeconds: TTL_SECONDS, type: 'CNAME', target: externalName }];
  }
  if (isHeadless(service)) return buildHeadlessRecords(base, slices);
  if (clusterIP === undefined || clusterIP === '') return [];
  const ports = (service.spec.ports ?? []).flatMap((port) =>
    srvRecords(base, {
      name: port.name ?? '',
      protocol: port.protocol ?? 'TCP',
      port: port.port,
      targets: [base],
    }),
  );
  return [{ name: base, ttlSeconds: TTL_SECONDS, type: 'A', ip: clusterIP }, ...ports];
}

/** A headless name is its ready pods; each has a name of its own, by hostname or by its address in dashes. */
function buildHeadlessRecords(base: string, slices: readonly EndpointSlice[]): DnsRecord[] {
  const records: DnsRecord[] = [];
  for (const slice of slices) {
    const ready = slice.endpoints.filter((endpoint) => endpoint.conditions?.ready !== false);
    const targets = ready.flatMap((endpoint) =>
      endpoint.addresses.map((ip) => ({ ip, label: endpoint.hostname })),
    );
    const named = targets.map(({ ip, label }) => ({
      ip,
      name: `${label ?? ip.replaceAll('.', '-')}.${base}`,
    }));
    for (const { ip, name } of named) {
      records.push({ name: base, ttlSeconds: TTL_SECONDS, type: 'A', ip });
      records.push({ name, ttlSeconds: TTL_SECONDS, type: 'A', ip });
    }
    for (const port of slice.ports ?? []) {
      if (port.port === undefined) continue;
      const srv = { name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: port.port };
      records.push(...srvRecords(base, { ...srv, targets: named.map((target) => target.name) }));
    }
  }
  return records;
}

interface SrvPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly targets: readonly string[];
}

/** Under `_port._protocol.service`, and under the service's own name, where Linkerd's proxies ask. */
function srvRecords(base: string, port: SrvPort): DnsRecord[] {
  const own = port.name === '' ? [] : [`_${port.name}._${port.protocol.toLowerCase()}.${base}`.toLowerCase()];
  const weight = Math.max(1, Math.floor(100 / Math.max(1, port.targets.length)));
  return [base, ...own].flatMap((name) =>
    port.targets.map(
      (target): DnsRecord => ({
        name,
        ttlSeconds: TTL_SECONDS,
        type: 'SRV',
        port: port.port,
        weight,
        target,
      }),
    ),
  );
}

function findTargets(zone: DnsZone, answers: readonly DnsRecord[]): DnsRecord[] {
  const targets = new Set(answers.flatMap((record) => (record.type === 'SRV' ? [record.target] : [])));
  return [...targets].flatMap((target) =>
    (zone.records.get(target) ?? []).filter((record) => record.type === 'A'),
  );
}

function collectNames(names: Iterable<string>, clusterDomain: string): ReadonlySet<string> {
  const all = new Set<string>([clusterDomain, `svc.${clusterDomain}`]);
  for (const name of names) {
    const labels = name.split('.');
    for (let skip = 0; skip < labels.length; skip++) {
      const parent = labels.slice(skip).join('.');
      if (skip === 0 || parent.endsWith(`.${clusterDomain}`)) all.add(parent);
    }
  }
  return all;
}
