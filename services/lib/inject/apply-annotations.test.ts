import { expect, test } from 'vitest';
import { settle } from '#lib/expr';
import { ANNOTATION_RULES } from './annotation-rules.ts';
import { applyAnnotations } from './apply-annotations.ts';
import { buildInitArgs } from './parts/init-container.ts';
import { fixtureValues } from './testing/chart-values.ts';
import type { InjectValues } from './values.ts';

const CONFIG = 'config.linkerd.io/';

test.each<[string, string, (values: InjectValues) => unknown, unknown]>([
  ['proxy-image', 'x/y', (v) => v.proxy.image.name, 'x/y'],
  ['admin-port', '4991', (v) => v.proxy.ports.admin, 4991],
  ['skip-inbound-ports', '25, 30-40', (v) => v.proxyInit.ignoreInboundPorts, '25,30-40'],
  ['proxy-cpu-limit', '1100m', (v) => v.proxy.runtime.workers.maximum, 2],
  ['proxy-cpu-request', '100m', (v) => v.proxy.runtime.workers.minimum, 1],
  ['proxy-cpu-ratio-limit', '0.5', (v) => v.proxy.runtime.workers.maximumCPURatio, 0.5],
  ['proxy-admin-shutdown', 'enabled', (v) => v.proxy.enableShutdownEndpoint, true],
  ['proxy-outbound-connect-timeout', '1.5s', (v) => v.proxy.outboundConnectTimeout, '1500ms'],
  [
    'proxy-inbound-discovery-cache-unused-timeout',
    '90500ms',
    (v) => v.proxy.inboundDiscoveryCacheUnusedTimeout,
    '90s',
  ],
  ['close-wait-timeout', '1m', (v) => v.proxyInit.closeWaitTimeoutSecs, 60],
  ['default-inbound-policy', 'deny', (v) => v.proxy.defaultInboundPolicy, 'deny'],
  ['proxy-log-http-headers', 'insecure', (v) => v.proxy.logHTTPHeaders, 'insecure'],
])('applyAnnotations() reads %s', (key, text, read, expected) => {
  const { values, warnings } = applyAnnotations(fixtureValues(), { [CONFIG + key]: text });
  expect(warnings).toEqual([]);
  expect(read(values)).toEqual(expected);
});

test.each([
  'control-port',
  'proxy-cpu-limit',
  'proxy-cpu-ratio-limit',
  'proxy-await',
  'shutdown-grace-period',
])('applyAnnotations() warns of a %s that it cannot read and keeps the default', (key) => {
  const { values, warnings } = applyAnnotations(fixtureValues(), { [CONFIG + key]: 'nonsense' });
  expect(warnings).toEqual([
    expect.stringContaining(`${CONFIG}${key} is ignored: its value "nonsense" is not `),
  ]);
  expect(values).toEqual(fixtureValues());
});

test('applyAnnotations() refuses a header logging mode that it does not know', () => {
  expect(() => applyAnnotations(fixtureValues(), { [`${CONFIG}proxy-log-http-headers`]: 'on' })).toThrow(
    'can only be off or insecure',
  );
});

test('applyAnnotations() lets the current native sidecar key beat its old ones', () => {
  const { values } = applyAnnotations(fixtureValues(), {
    'config.linkerd.io/proxy-enable-native-sidecar': 'false',
    'config.beta.linkerd.io/proxy-enable-native-sidecar': 'true',
    'config.alpha.linkerd.io/proxy-enable-native-sidecar': 'true',
  });
  expect(values.proxy.nativeSidecar).toBe(false);
});

test('applyAnnotations() resolves names of opaque ports and warns of unknown ones', () => {
  const { values, warnings } = applyAnnotations(
    fixtureValues(),
    { [`${CONFIG}opaque-ports`]: 'sql,7000-7010,typo' },
    { portNames: new Map([['sql', [5432]]]) },
  );
  expect(values.proxy.opaquePorts).toBe('5432,7000-7010');
  expect(warnings).toEqual([expect.stringContaining('"typo" is neither a port')]);
});

test('applyAnnotations() merges additional variables by name, the workload last', () => {
  const key = `${CONFIG}proxy-additional-env`;
  const { values } = applyAnnotations(
    fixtureValues(),
    { [key]: '[{"name":"A","value":"pod"}]' },
    { namespaceAnnotations: { [key]: '[{"name":"A","value":"ns"},{"name":"B","value":"ns"}]' } },
  );
  expect(values.proxy.additionalEnv).toEqual([
    { name: 'A', value: 'pod' },
    { name: 'B', value: 'ns' },
  ]);
});

test('every rule has a key of its own', () => {
  expect(new Set(ANNOTATION_RULES.map((rule) => rule.key)).size).toBe(ANNOTATION_RULES.length);
});

test('buildInitArgs() says what the iptables rules need', () => {
  const defaults = fixtureValues();
  const { values } = applyAnnotations(defaults, { [`${CONFIG}skip-subnets`]: '10.1.0.0/16' });
  expect(settle<readonly string[]>(buildInitArgs(values)).join(' ')).toBe(
    '--firewall-bin-path iptables-nft --firewall-save-bin-path iptables-nft-save --ipv6=false ' +
      '--incoming-proxy-port 4143 --outgoing-proxy-port 4140 --proxy-uid 2102 ' +
      '--inbound-ports-to-ignore 4190,4191,4567,4568 --outbound-ports-to-ignore 4567,4568 ' +
      '--subnets-to-ignore 10.1.0.0/16',
  );
});
