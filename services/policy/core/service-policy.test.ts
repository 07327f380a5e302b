import { expect, test } from 'vitest';
import { parsePortSet, type Service, type ServicePort } from '#lib/resources';
import type { OutboundPolicy } from './outbound-policy.ts';
import { buildServicePolicy } from './service-policy.ts';
import { readServiceSettings } from './service-settings.ts';

const config = {
  clusterDomain: 'cluster.local',
  defaultOpaquePorts: parsePortSet('25,3306'),
  allowL5dRequestHeaders: false,
};

function policyOf(port: ServicePort, annotations: Record<string, string> = {}): OutboundPolicy {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { clusterIP: '10.0.0.1', ports: [port] },
  };
  return buildServicePolicy(service, port.port, { settings: readServiceSettings(service), config });
}

const OPAQUE = 'config.linkerd.io/opaque-ports';

test.each<[string, ServicePort, Record<string, string>, string]>([
  ['no hint', { port: 80 }, {}, 'detect'],
  ['http', { port: 80, appProtocol: 'HTTP' }, {}, 'http1'],
  ['h2c', { port: 80, appProtocol: 'kubernetes.io/h2c' }, {}, 'http2'],
  ['linkerd.io/tcp', { port: 80, appProtocol: 'linkerd.io/tcp' }, {}, 'opaque'],
  ['linkerd.io/opaque', { port: 80, appProtocol: 'linkerd.io/opaque' }, {}, 'opaque'],
  ['a protocol we do not know', { port: 80, appProtocol: 'mqtt' }, {}, 'opaque'],
  ['a port of the default list', { port: 3306 }, {}, 'opaque'],
  ['a port of the annotation', { port: 80 }, { [OPAQUE]: '80' }, 'opaque'],
  ['a name in the annotation', { name: 'db', port: 80 }, { [OPAQUE]: 'db' }, 'opaque'],
  ['an annotation in the place of the default list', { port: 3306 }, { [OPAQUE]: '' }, 'detect'],
  ['http over the annotation', { port: 80, appProtocol: 'http' }, { [OPAQUE]: '80' }, 'http1'],
])('buildServicePolicy() with %s', (_what, port, annotations, kind) => {
  expect(policyOf(port, annotations).protocol.kind).toBe(kind);
});

test('buildServicePolicy() balances over the endpoints of the Service port', () => {
  const { parent, protocol } = policyOf({ port: 8080 });
  const service = {
    kind: 'resource',
    group: 'core',
    resource: 'Service',
    namespace: 'shop',
    name: 'web',
    port: 8080,
  };
  expect(parent).toEqual(service);
  expect(protocol.kind === 'detect' && protocol.http.routes[0]?.rules[0]?.backends).toEqual([
    {
      reference: service,
      target: { kind: 'balance', path: 'web.shop.svc.cluster.local:8080', bias: undefined },
    },
  ]);
});

test('buildServicePolicy() refuses ports that the Service does not declare for TCP', () => {
  const udp = policyOf({ port: 53, protocol: 'UDP' });
  expect(udp.protocol).toEqual({
    kind: 'opaque',
    route: { reference: { kind: 'default', name: 'undefined-port' }, backend: undefined },
  });
});

test('buildServicePolicy() biases HTTP and not plain connections', () => {
  const { protocol } = policyOf({ port: 80 }, { 'balancer.alpha.linkerd.io/penalize-failures': 'true' });
  if (protocol.kind !== 'detect') throw new Error('not detected');
  expect(protocol.http.routes[0]?.rules[0]?.backends[0]?.target).toMatchObject({ bias: { penaltyMs: 5000 } });
  expect(protocol.opaque.backend?.target).toMatchObject({ bias: undefined });
});
