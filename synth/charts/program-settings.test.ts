import { describe, expect, test } from 'vitest';
import type { Container } from '#lib/resources';
import { parseDestinationConfig } from '../../services/destination/config.ts';
import { parseIdentityConfig } from '../../services/identity/config.ts';
import { parseValidatorConfig } from '../../services/network-validator/config.ts';
import { readConfig } from '../../services/policy/config.ts';
import { readProxyConfig } from '../../services/proxy/config.ts';
import { parseConfig } from '../../services/proxy-init/config.ts';
import { parseProxyInjectorConfig } from '../../services/proxy-injector/config.ts';
import { COMMAND, SUBCOMMANDS } from '../images/contract.ts';
import { CERTIFICATES, containerOf, environmentOf, podOf, readPreset, render } from './renders.testing.ts';

/** What the programs of the pods read of their command lines and variables, where the chart sets them. */
const PROGRAMS: Readonly<Record<string, (args: readonly string[]) => unknown>> = {
  identity: (args) => parseIdentityConfig(args, {}),
  destination: parseDestinationConfig,
  policy: (args) => readConfig(args, {}),
  'proxy-injector': parseProxyInjectorConfig,
  'linkerd-init': parseConfig,
  'linkerd-network-validator': (args) => parseValidatorConfig(args, {}),
};
const DEPLOYMENTS = ['linkerd-identity', 'linkerd-destination', 'linkerd-proxy-injector'];
const TRACED = {
  controller: { tracing: { enabled: true, collector: { endpoint: 'collector.tracing:4317' } } },
};

describe.each<[string, unknown]>([
  ['by default', {}],
  ['with values for high availability', readPreset('ha')],
  ['with a CNI plugin and IPv6', { cniEnabled: true, disableIPv6: false }],
  ['without native sidecars', { proxy: { nativeSidecar: false, opaquePorts: '' } }],
  [
    'with traces, another domain and a log in JSON',
    {
      ...TRACED,
      clusterDomain: 'k8s.example',
      controllerLogFormat: 'json',
      policyController: { probeNetworks: [] },
    },
  ],
])('the programs take what the chart gives them %s', (_name, values) => {
  const objects = render(CERTIFICATES, values);
  test.each(DEPLOYMENTS)('%s', (deployment) => {
    const pod = podOf(objects, deployment);
    for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
      if (container.name === 'linkerd-proxy') expect(readProxyConfig(environmentOf(container))).toBeDefined();
      else expect(readSettings(container), container.name).toBeDefined();
    }
  });
});

/** As the entry point of the image would. */
function readSettings({ name, command, args = [] }: Container): unknown {
  const read = PROGRAMS[name];
  if (read === undefined) throw new Error(`no program is known for the container ${name}`);
  if (command !== undefined) {
    expect(Object.values(COMMAND)).toContain(command[0]);
    return read(args);
  }
  expect(SUBCOMMANDS).toContain(args[0]);
  return read(args.slice(1));
}

test('identity serves what the values say', () => {
  const objects = render(CERTIFICATES, { identity: { issuer: { issuanceLifetime: '1h' } } });
  const { args = [] } = containerOf(podOf(objects, 'linkerd-identity'), 'identity');
  expect(parseIdentityConfig(args.slice(1), {})).toMatchObject({
    trustDomain: 'cluster.local',
    issuanceLifetimeMs: 3_600_000,
    clockSkewMs: 20_000,
    scheme: 'linkerd.io/tls',
    warnings: [],
  });
});

test('the injector makes its certificate unless the user gives one', () => {
  const read = (...values: readonly unknown[]) => {
    const { args = [] } = containerOf(
      podOf(render(CERTIFICATES, ...values), 'linkerd-proxy-injector'),
      'proxy-injector',
    );
    return parseProxyInjectorConfig(args.slice(1));
  };
  const minted = { servingCertificate: 'minted', caBundle: 'minted' };
  const given = { servingCertificate: 'given', caBundle: 'given' };
  expect(read()).toMatchObject(minted);
  expect(read({ proxyInjector: { crtPEM: 'certificate', keyPEM: 'key' } })).toMatchObject(given);
  const external = { externalSecret: true, injectCaFrom: 'linkerd/webhook' };
  expect(read({ proxyInjector: external })).toMatchObject(given);
});
