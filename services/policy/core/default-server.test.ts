import { expect, test } from 'vitest';
import type { Pod, PodSpec } from '#lib/resources';
import type { DefaultPolicy } from '../contract.ts';
import { buildDefaultServer, type InboundConfig } from './default-server.ts';
import type { InboundServer } from './inbound-server.ts';
import { readPodSettings, settingsOfPort } from './pod-settings.ts';

const config: InboundConfig = {
  defaultPolicy: 'all-unauthenticated',
  clusterNetworks: ['10.0.0.0/8'],
  probeNetworks: ['0.0.0.0/0'],
};

function podWith(annotations: Record<string, string>, spec?: PodSpec): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: spec ?? { containers: [{ name: 'web', ports: [{ name: 'sql', containerPort: 5432 }] }] },
  };
}

function serverOf(pod: Pod, port: number, changes: Partial<InboundConfig> = {}): InboundServer {
  const all = { ...config, ...changes };
  return buildDefaultServer(settingsOfPort(readPodSettings(pod), port, all.defaultPolicy), all);
}

const POLICY = 'config.linkerd.io/default-inbound-policy';
const EVERYWHERE = ['0.0.0.0/0', '::/0'];
const ANYBODY = { kind: 'unauthenticated' };
const ANY_CLIENT = { kind: 'tls', identities: [], suffixes: [[]] };

test.each<[DefaultPolicy, unknown[]]>([
  ['all-unauthenticated', [EVERYWHERE, ANYBODY]],
  ['all-authenticated', [EVERYWHERE, ANY_CLIENT]],
  ['cluster-unauthenticated', [['10.0.0.0/8'], ANYBODY]],
  ['cluster-authenticated', [['10.0.0.0/8'], ANY_CLIENT]],
  ['audit', [EVERYWHERE, ANYBODY]],
  ['deny', []],
])('buildDefaultServer() for %s authorizes accordingly, under its name', (policy, expected) => {
  const server = serverOf(podWith({}), 80, { defaultPolicy: policy });
  expect(server.reference).toEqual({ kind: 'default', name: policy });
  expect(server.authorizations.flatMap((authz) => [authz.networks, authz.authentication])).toEqual(expected);
  for (const authorization of server.authorizations) {
    expect(authorization.reference).toEqual({ kind: 'default', name: policy });
  }
});

test('buildDefaultServer() lets a pod choose its policy, and ignores what is none', () => {
  expect(serverOf(podWith({ [POLICY]: 'deny' }), 80).reference).toEqual({ kind: 'default', name: 'deny' });
  const wrong = podWith({ [POLICY]: 'open' });
  expect(serverOf(wrong, 80).reference).toEqual({ kind: 'default', name: 'all-unauthenticated' });
  expect(readPodSettings(wrong).warnings).toEqual([expect.stringContaining('"open" is ignored')]);
});

test.each<[DefaultPolicy, DefaultPolicy]>([
  ['all-unauthenticated', 'all-authenticated'],
  ['cluster-unauthenticated', 'cluster-authenticated'],
  ['deny', 'deny'],
])('buildDefaultServer() makes %s %s on ports that require an identity', (policy, expected) => {
  const pod = podWith({ 'config.linkerd.io/proxy-require-identity-inbound-ports': '80,8000-8010' });
  expect(serverOf(pod, 8005, { defaultPolicy: policy }).reference).toEqual({
    kind: 'default',
    name: expected,
  });
  expect(serverOf(pod, 81, { defaultPolicy: policy }).reference).toEqual({ kind: 'default', name: policy });
});

test('buildDefaultServer() is opaque for the ports of the annotation, also by name, and for no others', () => {
  const pod = podWith({ 'config.linkerd.io/opaque-ports': 'sql,9000-9010' });
  expect(serverOf(pod, 5432).protocol).toEqual({ kind: 'opaque' });
  expect(serverOf(pod, 9001).protocol).toEqual({ kind: 'opaque' });
  expect(serverOf(pod, 3306).protocol.kind).toBe('detect');
});

const probed = podWith(
  {},
  {
    initContainers: [
      {
        name: 'linkerd-proxy',
        readinessProbe: { httpGet: { path: '/ready', port: 4191 } },
        startupProbe: { httpGet: { path: '/ready', port: 4191 } },
      },
    ],
    containers: [
      {
        name: 'web',
        ports: [{ name: 'http', containerPort: 8080 }],
        livenessProbe: { httpGet: { path: '/live?verbose=1', port: 'http' } },
        readinessProbe: { httpGet: { port: 8080 } },
        startupProbe: { tcpSocket: { port: 8080 } },
      },
    ],
  },
);

function probesOf(server: InboundServer): unknown {
  if (server.protocol.kind !== 'detect') return undefined;
  const route = server.protocol.routes[1];
  return route?.rules.flatMap((rule) => rule.matches.map((match) => [match.method, match.path.value]));
}

test('buildDefaultServer() authorizes the probes of every container on their port', () => {
  expect(probesOf(serverOf(probed, 8080, { defaultPolicy: 'deny' }))).toEqual([
    ['GET', '/live'],
    ['GET', '/'],
  ]);
  expect(probesOf(serverOf(probed, 4191))).toEqual([['GET', '/ready']]);
  expect(probesOf(serverOf(probed, 9999))).toBeUndefined();
});

test('buildDefaultServer() authorizes probes from the probe networks only, and none without them', () => {
  const server = serverOf(probed, 8080, { probeNetworks: ['10.1.0.0/16'] });
  const protocol = server.protocol;
  expect(protocol.kind === 'detect' && protocol.routes[1]?.authorizations).toEqual([
    {
      reference: { kind: 'default', name: 'probe' },
      networks: ['10.1.0.0/16'],
      authentication: { kind: 'unauthenticated' },
    },
  ]);
  expect(probesOf(serverOf(probed, 8080, { probeNetworks: [] }))).toBeUndefined();
});
