import { expect, test } from 'vitest';
import { injectPod } from '#lib/inject';
import { readProxyConfig } from '../../services/proxy/config.ts';
import { completeControlPlaneValues, controlPlaneDefaults } from '../index.ts';
import { environmentOf } from './renders.testing.ts';

test('the defaults of the chart are values that injection takes, and the proxy then runs with', () => {
  const { pod } = injectPod({
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: { containers: [{ name: 'web' }] },
    },
    namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    values: { ...controlPlaneDefaults(), controlPlaneNamespace: 'linkerd' },
  });
  const proxy = pod.spec.initContainers?.find(({ name }) => name === 'linkerd-proxy');
  const env = proxy === undefined ? {} : environmentOf(proxy);
  expect(readProxyConfig({ ...env, LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS: 'anchors' })).toBeDefined();
});

test('values that a user gives are laid over the defaults, the later over the earlier', () => {
  const values = completeControlPlaneValues({ proxy: { gid: 5, uid: 6 } }, { proxy: { uid: 7 } });
  expect(values.proxy).toEqual({ ...controlPlaneDefaults().proxy, gid: 5, uid: 7 });
});

test('a number where a text is wanted is taken as it is spelled', () => {
  const { proxy, proxyInit } = completeControlPlaneValues({
    proxy: { image: { version: 20_260_801 }, resources: { cpu: { limit: 1.5 } } },
    proxyInit: { ignoreInboundPorts: 25 },
  });
  expect([proxy.image.version, proxy.resources.cpu.limit, proxyInit.ignoreInboundPorts]).toEqual([
    '20260801',
    '1.5',
    '25',
  ]);
});
