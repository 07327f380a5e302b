import { describe, expect, it } from 'vitest';
import type { KubeObject } from '#lib/resources';
import {
  buildEndpoint,
  buildExternalWorkload,
  buildNode,
  buildPod,
  buildServer,
  buildService,
  buildServiceProfile,
  buildSlice,
  opaquePorts,
  SETTINGS,
  viewOf,
} from '../../shop.fixture.ts';
import { parseProfileTarget } from '../authority.ts';
import type { DestinationSettings } from '../settings.ts';
import { computeProfile } from './compute-profile.ts';
import { DEFAULT_RETRY_BUDGET, EMPTY_PROFILE } from './profile.ts';

interface Client extends Partial<DestinationSettings> {
  readonly clientNamespace?: string;
  readonly nodeName?: string;
}

const answer = (
  path: string,
  objects: readonly KubeObject[],
  { clientNamespace = '', nodeName = '', ...settings }: Client = {},
) =>
  computeProfile({
    view: viewOf(...objects),
    settings: { ...SETTINGS, ...settings },
    target: parseProfileTarget(path, 'cluster.local'),
    clientNamespace,
    nodeName,
  });
const profileOf = (...args: Parameters<typeof answer>) => answer(...args).profile;
const statusOf = (...args: Parameters<typeof answer>) => {
  try {
    return answer(...args);
  } catch (error) {
    return (error as { status: string }).status;
  }
};

describe('computeProfile of a Service', () => {
  const service = buildService('web', { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'FD00::0:1'] });

  it.each(['web.shop.svc.cluster.local', '10.96.0.1:80', '[fd00::1]:80'])('is the same for %s', (path) => {
    expect(profileOf(path, [service])).toEqual({
      fullyQualifiedName: 'web.shop.svc.cluster.local',
      opaque: false,
      routes: [],
      retryBudget: DEFAULT_RETRY_BUDGET,
      dstOverrides: [],
      parent: { group: 'core', kind: 'Service', namespace: 'shop', name: 'web', port: 80 },
    });
  });

  it('is empty for a port that the Service does not define', () => {
    expect(profileOf('10.96.0.1:81', [service])).toEqual(EMPTY_PROFILE);
    expect(profileOf('web.shop.svc.cluster.local:5432', [service])).toEqual(EMPTY_PROFILE);
  });

  it('is refused when two Services have the IP, and not found when the named one is missing', () => {
    const twin = buildService('twin', { clusterIP: '10.96.0.1' });
    expect(statusOf('10.96.0.1:80', [service, twin])).toBe('FailedPrecondition');
    expect(statusOf('none.shop.svc.cluster.local:80', [service])).toBe('NotFound');
  });

  it.each<[string, string | undefined, boolean]>([
    ['the default list', undefined, true],
    ['an annotation in its place', '1-3', false],
    ['an annotation by number', '5432', true],
    ['an annotation by port name', 'db', true],
    ['an empty annotation', '', false],
  ])('is opaque by %s', (_case, annotation, expected) => {
    const annotated = buildService('db', {
      ports: [{ name: 'db', port: 5432 }],
      ...(annotation !== undefined && { annotations: opaquePorts(annotation) }),
    });
    expect(profileOf('db.shop.svc.cluster.local:5432', [annotated]).opaque).toBe(expected);
  });

  it("prefers the client's own ServiceProfile, else takes that of the Service's namespace", () => {
    const own = buildServiceProfile(
      'web',
      { routes: [{ name: 'own', condition: { method: 'GET' } }] },
      'client',
    );
    const shared = buildServiceProfile('web', { routes: [{ name: 'shared', condition: { method: 'GET' } }] });
    const path = 'web.shop.svc.cluster.local';
    const nameOf = (clientNamespace: string, ...objects: KubeObject[]) =>
      profileOf(path, [service, ...objects], { clientNamespace }).routes[0]?.name;
    expect(nameOf('client', own, shared)).toBe('own');
    expect(nameOf('other', own, shared)).toBe('shared');
    expect(nameOf('', own, shared)).toBe('shared');
    expect(nameOf('other', own)).toBeUndefined();
    expect(profileOf(path, [service, own], { clientNamespace: 'client' }).serviceProfile).toEqual({
      group: 'linkerd.io',
      kind: 'ServiceProfile',
      namespace: 'client',
      name: path,
    });
  });

  it('ignores the opaque ports of a ServiceProfile', () => {
    const profile = buildServiceProfile('web', { opaquePorts: ['80'] });
    expect(profileOf('web.shop.svc.cluster.local', [service, profile]).opaque).toBe(false);
  });
});

describe('computeProfile of an endpoint', () => {
  const pod = buildPod('web-0', '10.0.0.1', { nodeName: 'n1' });

  it('is the pod with that IP, with its namespace and zone', () => {
    const profile = profileOf('10.0.0.1:8080', [pod, buildNode('n1', 'east'), buildNode('n2', 'west')], {
      nodeName: 'n2',
    });
    expect(profile).toMatchObject({
      fullyQualifiedName: '',
      opaque: false,
      retryBudget: DEFAULT_RETRY_BUDGET,
      endpoint: {
        weight: 10_000,
        locality: 'remote',
        address: {
          ip: '10.0.0.1',
          port: 8080,
          hint: 'h2',
          labels: {
            pod: 'web-0',
            namespace: 'shop',
            serviceaccount: 'web',
            control_plane_ns: 'linkerd',
            zone: 'east',
          },
        },
      },
    });
    expect(profile).not.toHaveProperty('parent');
  });

  it('follows a Server both ways', () => {
    const opaque = profileOf('10.0.0.1:8080', [pod, buildServer('s')]);
    expect(opaque).toMatchObject({
      opaque: true,
      endpoint: { address: { hint: 'opaque', inboundPort: 4143 } },
    });
    const other = profileOf('10.0.0.1:8080', [pod, buildServer('s', { proxyProtocol: 'HTTP/1' })]);
    expect(other).toMatchObject({ opaque: false, endpoint: { address: { hint: 'h2' } } });
  });

  it('passes over pods that have ended, and refuses two that live', () => {
    const ended = buildPod('old', '10.0.0.1', { status: { phase: 'Succeeded', podIP: '10.0.0.1' } });
    expect(profileOf('10.0.0.1:8080', [ended, pod]).endpoint?.address.labels['pod']).toBe('web-0');
    expect(statusOf('10.0.0.1:8080', [pod, buildPod('twin', '10.0.0.1')])).toBe('FailedPrecondition');
  });

  it('is the pod behind a host port, at its own address', () => {
    const containers = [{ name: 'app', ports: [{ containerPort: 8080, hostPort: 9090 }] }];
    const hosted = buildPod('web-0', '10.0.0.1', { spec: { containers } });
    expect(profileOf('10.9.0.1:9090', [hosted]).endpoint?.address).toMatchObject({
      ip: '10.0.0.1',
      port: 8080,
      labels: { pod: 'web-0' },
    });
    expect(profileOf('10.9.0.1:8080', [hosted]).endpoint?.address.labels).toEqual({});
  });

  it("is a pod on its host's network by its ports alone", () => {
    const onHost = (name: string, containerPort: number) =>
      buildPod(name, '10.9.0.1', {
        meshed: false,
        spec: { hostNetwork: true, containers: [{ name: 'app', ports: [{ containerPort }] }] },
      });
    const pods = [onHost('a', 1000), onHost('b', 2000)];
    expect(profileOf('10.9.0.1:2000', pods).endpoint?.address.labels['pod']).toBe('b');
    expect(profileOf('10.9.0.1:3000', pods).endpoint?.address.labels).toEqual({});
  });

  it('is the external workload with that IP and port', () => {
    const workload = buildExternalWorkload('vm', '10.1.0.1');
    expect(profileOf('10.1.0.1:8080', [workload]).endpoint?.address).toMatchObject({
      identity: { kind: 'uri' },
      labels: { external_workload: 'vm', namespace: 'shop' },
    });
    expect(profileOf('10.1.0.1:1', [workload]).endpoint?.address.identity).toBeUndefined();
  });

  it('is the bare address where nothing is known, opaque by the default list', () => {
    const bare = { ip: '10.5.0.1', port: 5432, meshed: false, labels: {} };
    expect(profileOf('10.5.0.1:5432', [])).toEqual({
      ...EMPTY_PROFILE,
      opaque: true,
      retryBudget: DEFAULT_RETRY_BUDGET,
      endpoint: { address: bare, locality: undefined, weight: 10_000 },
    });
    expect(profileOf('10.5.0.1:80', []).opaque).toBe(false);
  });

  it('gives a pod out without transport header when its proxy says no port, and warns', () => {
    const { profile, warnings } = answer('10.0.0.1:8080', [buildPod('web-0', '10.0.0.1', { env: {} })], {
      forceOpaqueTransport: true,
    });
    expect(profile.endpoint?.address).toMatchObject({ hint: 'h2', identity: { kind: 'dns' } });
    expect(warnings).toEqual([
      expect.stringContaining('pod shop/web-0 is given out without transport header'),
    ]);
  });

  describe('by the DNS name of a pod', () => {
    const service = buildService('web', { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] });
    const slice = buildSlice(
      'web',
      [
        buildEndpoint('web-0', '10.0.0.1', { hostname: 'web-0' }),
        buildEndpoint('web-1', '10.0.0.2', { hostname: 'web-1', conditions: { ready: false } }),
      ],
      { ports: [{ name: 'http', port: 8080 }] },
    );
    const objects = [service, slice, pod, buildPod('web-1', '10.0.0.2')];

    it('is that pod, ready or not, at the port behind that of the Service', () => {
      const addressOf = (path: string) => profileOf(path, objects).endpoint?.address;
      expect(addressOf('web-0.web.shop.svc.cluster.local:80')).toMatchObject({ ip: '10.0.0.1', port: 8080 });
      expect(addressOf('web-1.web.shop.svc.cluster.local:80')).toMatchObject({ ip: '10.0.0.2', port: 8080 });
    });

    it('is not found without such a pod', () => {
      expect(statusOf('web-9.web.shop.svc.cluster.local:80', objects)).toBe('NotFound');
      expect(statusOf('web-1.web.shop.svc.cluster.local:80', [service, slice, pod])).toBe('NotFound');
    });
  });
});
