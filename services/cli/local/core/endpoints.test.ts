import { describe, expect, it } from 'vitest';
import type { Pod, Service } from '#lib/resources';
import { parseCidr } from './cidr.ts';
import { answerQuestion, buildDnsZone } from './dns-zone.ts';
import { buildEndpointSlices, groupByService } from './endpoints.ts';
import { renderNatTables } from './nat-table.ts';
import { allocateServiceIps } from './service-ips.ts';

function pod(
  name: string,
  ip: string,
  options: { ready?: boolean; port?: number; hostname?: string; leaving?: boolean } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      labels: { app: 'web' },
      ...(options.leaving === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      nodeName: 'node',
      ...(options.hostname === undefined ? {} : { hostname: options.hostname, subdomain: 'web' }),
      containers: [{ name: 'web', ports: [{ name: 'http', containerPort: options.port ?? 8080 }] }],
    },
    status: {
      podIP: ip,
      conditions: [{ type: 'Ready', status: options.ready === false ? 'False' : 'True' }],
    },
  };
}

function service(spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
  };
}

describe('buildEndpointSlices()', () => {
  it('resolves a named port for each pod, and puts other numbers into another slice', () => {
    const slices = buildEndpointSlices(service(), [
      pod('a', '10.42.0.5'),
      pod('b', '10.42.0.6', { port: 9090 }),
    ]);
    expect(slices.map((slice) => slice.ports?.[0]?.port).sort()).toEqual([8080, 9090]);
    expect(slices[0]?.metadata.labels?.['kubernetes.io/service-name']).toBe('web');
    expect(slices[0]?.endpoints[0]).toEqual({
      addresses: ['10.42.0.5'],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'node',
      targetRef: { kind: 'Pod', name: 'a', namespace: 'shop' },
    });
  });

  it('marks pods that are not ready or are leaving, unless the Service publishes them', () => {
    const pods = [pod('a', '10.42.0.5', { ready: false }), pod('b', '10.42.0.6', { leaving: true })];
    const conditions = (of: Service) =>
      buildEndpointSlices(of, pods)[0]?.endpoints.map((endpoint) => endpoint.conditions);
    expect(conditions(service())).toEqual([
      { ready: false, serving: false, terminating: false },
      { ready: false, serving: true, terminating: true },
    ]);
    expect(conditions(service({ publishNotReadyAddresses: true }))?.every((c) => c?.ready === true)).toBe(
      true,
    );
  });

  it('makes none for a Service without a selector, and selects within the namespace', () => {
    expect(buildEndpointSlices(service({ selector: {} }), [pod('a', '10.42.0.5')])).toEqual([]);
    const other = {
      ...pod('a', '10.42.0.5'),
      metadata: { name: 'a', namespace: 'other', labels: { app: 'web' } },
    };
    expect(buildEndpointSlices(service(), [other])).toEqual([]);
  });
});

describe('allocateServiceIps()', () => {
  const cidr = parseCidr('10.96.0.0/16')!;
  const named = (name: string, spec: Partial<Service['spec']> = {}) => ({
    ...service(spec),
    metadata: { name, namespace: 'shop' },
  });

  it('keeps addresses across edits and never gives one twice', () => {
    const first = allocateServiceIps([named('a'), named('b')], new Map(), cidr);
    const second = allocateServiceIps([named('c'), named('b')], first, cidr);
    expect(second.get('shop/b')).toBe(first.get('shop/b'));
    expect(second.get('shop/c')).not.toBe(second.get('shop/b'));
  });

  it('gives what is asked for, and nothing to headless and external Services', () => {
    const services = [
      named('a', { clusterIP: '10.96.7.7' }),
      named('b', { clusterIP: 'None' }),
      named('c', { type: 'ExternalName' }),
    ];
    expect([...allocateServiceIps(services, new Map(), cidr)]).toEqual([['shop/a', '10.96.7.7']]);
  });

  it('refuses an address outside of the range or asked for twice', () => {
    expect(() => allocateServiceIps([named('a', { clusterIP: '10.1.0.1' })], new Map(), cidr)).toThrow(
      /shop\/a .*10\.1\.0\.1.*10\.96\.0\.0\/16/,
    );
    const twice = [named('a', { clusterIP: '10.96.7.7' }), named('b', { clusterIP: '10.96.7.7' })];
    expect(() => allocateServiceIps(twice, new Map(), cidr)).toThrow(/shop\/b .*another Service has/);
  });
});

describe('renderNatTables()', () => {
  it('gives every ready endpoint the same chance and refuses what has none', () => {
    const web = service({ clusterIP: '10.96.0.20' });
    const pods = [pod('a', '10.42.0.5'), pod('b', '10.42.0.6'), pod('c', '10.42.0.7', { ready: false })];
    const slices = groupByService(buildEndpointSlices(web, pods));
    const tables = renderNatTables({
      services: [web],
      slices,
      serviceCidr: '10.96.0.0/16',
      nodeIp: '10.42.0.1',
    });
    expect(tables).toMatch(
      /-A PREROUTING -d 10\.96\.0\.20\/32 -p tcp --dport 80 .*-j (SVC-\w+)\n-A \1 -p tcp -m statistic --mode random --probability 0\.5000000000 -j DNAT --to-destination 10\.42\.0\.5:8080\n-A \1 -p tcp -j DNAT --to-destination 10\.42\.0\.6:8080\n/,
    );
    expect(tables).not.toContain('10.42.0.7');
    expect(tables).toContain(
      '-A POSTROUTING -s 10.42.0.5/32 -d 10.42.0.5/32 -j SNAT --to-source 10.42.0.1\n',
    );
    expect(tables).toContain('-A FORWARD -p tcp -d 10.96.0.0/16 -j REJECT --reject-with tcp-reset\n');
  });
});

describe('answerQuestion()', () => {
  const TYPE = { A: 1, AAAA: 28, SRV: 33 };
  const web = service({ clusterIP: '10.96.0.20' });
  const headless = { ...service({ clusterIP: 'None' }), metadata: { name: 'pods', namespace: 'shop' } };
  const external: Service = {
    ...service({ type: 'ExternalName', externalName: 'example.com' }),
    metadata: { name: 'out', namespace: 'shop' },
  };
  const pods = [pod('a', '10.42.0.5'), pod('b', '10.42.0.6', { ready: false })];
  const services = [web, headless, external];
  const slices = groupByService(services.flatMap((of) => buildEndpointSlices(of, pods)));
  const zone = buildDnsZone({ clusterDomain: 'cluster.local', services, slices });
  const ask = (name: string, type: keyof typeof TYPE) => answerQuestion(zone, { name, type: TYPE[type] });

  it('answers a Service by its cluster IP and a headless one by its ready pods', () => {
    expect(ask('web.shop.svc.cluster.local', 'A').answers).toMatchObject([
      { ip: '10.96.0.20', ttlSeconds: 5 },
    ]);
    expect(ask('pods.shop.svc.cluster.local', 'A').answers).toMatchObject([{ ip: '10.42.0.5' }]);
    expect(ask('10-42-0-5.pods.shop.svc.cluster.local', 'A').answers).toMatchObject([{ ip: '10.42.0.5' }]);
  });

  it('answers SRV under the port and under the plain name, with the addresses of the targets', () => {
    const wanted = { type: 'SRV', port: 8080, target: '10-42-0-5.pods.shop.svc.cluster.local' };
    const byPort = ask('_http._tcp.pods.shop.svc.cluster.local', 'SRV');
    expect(byPort.answers).toMatchObject([wanted]);
    expect(byPort.additional).toMatchObject([{ type: 'A', ip: '10.42.0.5' }]);
    expect(ask('pods.shop.svc.cluster.local', 'SRV').answers).toMatchObject([wanted]);
    expect(ask('web.shop.svc.cluster.local', 'SRV').answers).toMatchObject([
      { port: 80, target: 'web.shop.svc.cluster.local' },
    ]);
  });

  it('tells a name without such a record from a name that is not there', () => {
    expect(ask('web.shop.svc.cluster.local', 'AAAA')).toMatchObject({
      rcode: 0,
      answers: [],
      authority: [{ type: 'SOA' }],
    });
    expect(ask('shop.svc.cluster.local', 'A')).toMatchObject({ rcode: 0, answers: [] });
    expect(ask('nobody.shop.svc.cluster.local', 'A')).toMatchObject({
      rcode: 3,
      answers: [],
      authority: [{ type: 'SOA' }],
    });
    expect(ask('example.com', 'A').rcode).toBe(3);
    expect(ask('out.shop.svc.cluster.local', 'A').answers).toMatchObject([
      { type: 'CNAME', target: 'example.com' },
    ]);
  });
});
