import { destination, fromTcpAddress, toJson } from '#lib/api';

/** One endpoint of a name, as the destination service answers it. */
export interface EndpointRow {
  readonly namespace: string;
  readonly ip: string;
  readonly port: number;
  readonly pod: string;
  /** `web.shop` */
  readonly service: string;
  readonly weight: number;
  /** How proxies set up HTTP/2 towards it, if the control plane says so. */
  readonly http2?: unknown;
  readonly labels: Readonly<Record<string, string>>;
}

/** The endpoints of an answer, by address. An address's own labels go before those of the whole set. */
export function readEndpoints(set: destination.WeightedAddrSet, authority: string): readonly EndpointRow[] {
  const rows = set.addrs.flatMap((address) => {
    const addr = fromTcpAddress(address.addr);
    if (addr === undefined) return [];
    const labels = { ...set.metricLabels, ...address.metricLabels };
    return {
      namespace: labels['namespace'] ?? '',
      ip: addr.host,
      port: addr.port,
      pod: labels['pod'] ?? '',
      service: authority.split('.').slice(0, 2).join('.').replace(/:\d+$/, ''),
      weight: address.weight,
      ...(address.http2 && { http2: toJson(destination.Http2ClientParamsSchema, address.http2) }),
      labels,
    };
  });
  return rows.sort((a, b) => (`${a.ip}:${a.port}` < `${b.ip}:${b.port}` ? -1 : 1));
}
